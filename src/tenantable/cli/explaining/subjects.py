"""Whose permissions are asked about: a declared component, or whoever has the policies in some files."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenantable.cli.files import read_text
from tenantable.cli.names import unknown_name
from tenantable.cli.systems import SHIPPED, find_component, find_naming, find_system
from tenantable.errors import PolicyError, SettingsError
from tenantable.iam.callers import account_of, caller_of
from tenantable.iam.documents import DOCUMENT_BYTES_MAX, DocumentKind, Policy, parse_policy
from tenantable.iam.evaluation import PolicyKind
from tenantable.iam.explanation.declared import DeclaredComponent
from tenantable.iam.explanation.explanation import Standing
from tenantable.iam.explanation.findings import AttachedPolicies
from tenantable.iam.patterns import ContextValue
from tenantable.iam.principals import CallerNames
from tenantable.iam.sessions.roles import FixedRoles
from tenantable.iam.synthesis.statements import component_policies
from tenantable.local.components import Installation
from tenantable.wire.arns import Home

_PLACE = re.compile(r"arn:[^:]*:dynamodb:([a-z0-9-]+):(\d{12}):")
_DEFAULT = Home()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Who is asked about. `declared` is None where policies come from files alone."""

    name: str
    attached: AttachedPolicies
    declared: DeclaredComponent | None
    home: Home
    context: Mapping[str, ContextValue]
    names: CallerNames

    def standing(self, resource: str) -> Standing:
        """How whoever is asked about stands to a resource."""
        owner = account_of(resource)  # of objects and of what names no resource nobody can tell
        same_account = not owner or self.names.account_id in {"", owner}
        return Standing(caller=self.names, same_account=same_account)


@dataclass(frozen=True, kw_only=True)
class Files:
    """Policy documents by where they are attached."""

    identity: Sequence[Path] = ()
    boundary: Sequence[Path] = ()
    session: Sequence[Path] = ()
    resource: Sequence[Path] = ()

    def attached(self) -> dict[PolicyKind, tuple[Policy, ...]]:
        places = {
            PolicyKind.IDENTITY: self.identity,
            PolicyKind.BOUNDARY: self.boundary,
            PolicyKind.SESSION: self.session,
        }
        found = {kind: tuple(map(read_policy, paths)) for kind, paths in places.items() if paths}
        if self.resource:
            found[PolicyKind.RESOURCE] = tuple(read_policy(path, kind="resource") for path in self.resource)
        return found


def component_subject(name: str, files: Files, *, stage: str, values: Sequence[str] | None, home: Home) -> Subject:
    """
    A component under the policies that are synthesized for it, with a boundary and session policy from files.

    Args:
        name: `webhooks.authorizer`, or `shop.tables:SHOP.checkout` for a system of one's own.
    Raises:
        SettingsError: There is no such system, component or stage.
    """
    system_name, component_name = _split(name)
    system = find_system(system_name)
    component = find_component(system, component_name)
    installation = Installation(system=system, naming=find_naming(system, stage, values), home=home)
    caller = caller_of(installation.principal(component), FixedRoles(installation.roles()))
    policies = component_policies(component, installation.naming, home)
    return Subject(
        name=name,
        attached={PolicyKind.IDENTITY: policies, **files.attached()},
        declared=DeclaredComponent(system=system, component=component, naming=installation.naming, home=home),
        home=home,
        context=caller.context,
        names=caller.names,
    )


def files_subject(files: Files, *, home: Home | None, principal: str | None) -> Subject:
    """
    Whoever has the policies in the files.

    Args:
        home: None: the account and region that the policies name, where they name one alone.
        principal: The ARN of a user, role or role session, for conditions on who calls; None: nobody in particular.
    Raises:
        PolicyError: A file holds no policy; names the file.
    """
    attached = {PolicyKind.IDENTITY: (), **files.attached()}
    home = home or _named_home(policy for policies in attached.values() for policy in policies)
    caller = caller_of(principal or f"arn:aws:iam::{home.account_id}:user/nobody", FixedRoles([]))
    return Subject(
        name=", ".join(str(path) for path in files.identity) or "no identity-based policy",
        attached=attached,
        declared=None,
        home=home,
        context={} if principal is None else caller.context,
        names=caller.names,
    )


def read_policy(path: Path, *, kind: DocumentKind = "identity") -> Policy:
    """
    Raises:
        PolicyError: The file cannot be read, or holds no policy.
    """
    try:
        return parse_policy(read_text(path, DOCUMENT_BYTES_MAX), kind=kind)
    except PolicyError as error:
        raise PolicyError(f"{path}: {error.message}", hint=error.hint) from error


def _split(name: str) -> tuple[str, str]:
    """`webhooks.authorizer` in two; of `shop.tables:SHOP.checkout` the dot behind the colon counts."""
    module, colon, rest = name.rpartition(":")
    system, dot, component = rest.partition(".")
    if not dot or not component or not system:
        hint = f"write SYSTEM.COMPONENT, such as webhooks.authorizer; systems are {', '.join(SHIPPED)} or module:NAME"
        raise SettingsError(f"{name!r} names no component", hint=hint)
    if not colon and system not in SHIPPED:
        raise unknown_name("system", system, SHIPPED)
    return f"{module}{colon}{system}", component


def _named_home(policies: Iterable[Policy]) -> Home:
    places = {
        found.groups()
        for policy in policies
        for statement in policy.statements
        for resource in statement.resources
        if (found := _PLACE.match(resource))
    }
    if len(places) != 1:
        return _DEFAULT
    ((region, account),) = places
    return Home(account_id=account, region=region)
