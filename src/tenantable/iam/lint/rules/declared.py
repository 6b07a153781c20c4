"""Rules that need a declaration: does a policy fit the access patterns of the component that has it?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenantable.declare.grants import Component, Permission
from tenantable.declare.keys.layouts import EntityLayout, TemplatePart
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.iam.documents import CURRENT_VERSION, FIRST_VERSION, Policy, Statement
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.actions import ATTRIBUTES, ENCLOSING, LEADING_KEYS, SELECT
from tenantable.iam.lint.catalogue import RULES
from tenantable.iam.lint.findings import CounterExample, Finding, shown_keys
from tenantable.iam.lint.reading import LintedPolicy
from tenantable.iam.lint.witnesses import Insisted, contexts, filled
from tenantable.iam.patterns import parse_pattern, text_test
from tenantable.wire.arns import Home

_QUERY = "dynamodb:Query"
_CHECK = "dynamodb:ConditionCheckItem"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A component of a system under the names of one stage, and where it lives."""

    system: System
    component: Component
    naming: Naming
    home: Home


def lint_declared(declared: Declared, policies: Sequence[LintedPolicy]) -> list[Finding]:
    """
    What the policies of one component lack, or allow beside its access patterns.

    Args:
        policies: All that the component has.
    """
    holding = _Holding(policies)
    permissions = declared.component.permissions(declared.naming)
    rules = (_misplaced_queries, _missing_checks, _covered_entities)
    return [finding for rule in rules for finding in rule(declared, permissions, holding) if finding.example.holds()]


class _Holding:
    """All policies of a component as one, and where each of their statements is written."""

    def __init__(self, policies: Sequence[LintedPolicy]) -> None:
        self._places: dict[int, tuple[str, int]] = {}
        self._home = policies[0].source.place if policies else "no policy"
        self.policies = tuple(
            Policy(
                statements=tuple(each.statement for each in policy.statements if each.applies) or (_NOTHING,),
                version=CURRENT_VERSION if policy.has_variables else FIRST_VERSION,
            )
            for policy in policies
        )
        for policy in policies:
            for each in policy.statements:
                self._places[id(each.statement)] = (policy.source.place, each.number)
        self._compiled = PolicySet(self.policies)
        self._statements = [each.statement for policy in policies for each in policy.statements]

    def request(self, action: str, arn: str, insisted: Insisted) -> tuple[AccessRequest, bool]:
        """The first request with this context that is allowed, else the first of all; and whether it is."""
        conditions = [condition for statement in self._statements for condition in statement.conditions]
        texts = [resource for statement in self._statements for resource in statement.resources]
        found = [
            AccessRequest(action, arn, context)
            for context in contexts(action, arn, conditions, insisted=insisted, variables=True, texts=texts)
        ]
        allowed = next((each for each in found if self._compiled.decide(each).allowed), None)
        return (found[0], False) if allowed is None else (allowed, True)

    def finding(self, rule_id: str, sentence: str, request: AccessRequest, *, is_allowed: bool) -> Finding:
        statement = self._compiled.decide(request).statement
        place, number = self._places.get(id(statement), (self._home, None))
        shown = shown_keys(self.policies, request) if is_allowed else ()
        return Finding(
            rule=RULES[rule_id],
            place=place,
            statement=number,
            sid=statement.sid if statement is not None else None,
            sentence=sentence,
            example=CounterExample(request=request, allowed=is_allowed, policies=self.policies, shown=shown),
            severity=RULES[rule_id].severity,
        )


_NOTHING = Statement(effect="Deny", actions=("unknown:Action",), resources=("*",))


def _misplaced_queries(declared: Declared, permissions: Iterable[Permission], holding: _Holding) -> Iterator[Finding]:
    """TP401."""
    queries = [permission for permission in permissions if "Query" in permission.actions]
    wanted = {(each.table, each.index) for each in queries}
    for table in declared.system.physical_tables(declared.naming):
        if not any(name == table.name for name, _ in wanted):
            continue
        keys = tuple(sorted(table.table.key_attributes))
        for index in (None, *table.index_names.values()):
            arn = declared.home.table_or_index(table.name, index)
            shown = "the table itself" if index is None else f"the index {index}"
            if (table.name, index) not in wanted:
                request, is_allowed = holding.request(_QUERY, arn, {})
                if is_allowed:
                    sentence = f"no access pattern of {declared.component.name} queries {shown} of {table.name}"
                    yield holding.finding("TP401", sentence, request, is_allowed=True)
                continue
            for permission in queries:
                if (permission.table, permission.index) == (table.name, index):
                    request, is_allowed = holding.request(_QUERY, arn, _context(permission, keys))
                    if not is_allowed:
                        sentence = f"an access pattern of {declared.component.name} queries {shown} of {table.name}"
                        yield holding.finding("TP401", sentence, request, is_allowed=False)
                        break


def _context(permission: Permission, keys: tuple[str, ...]) -> dict[str, str | tuple[str, ...] | None]:
    """What a request under this permission looks like."""
    names = keys if permission.attributes is None else tuple(sorted(permission.attributes | set(keys)))
    context: dict[str, str | tuple[str, ...] | None] = {ATTRIBUTES: names}
    if permission.attributes is not None:
        context[SELECT] = "SPECIFIC_ATTRIBUTES"
    if permission.leading_keys is not None:
        context[LEADING_KEYS] = (filled(permission.leading_keys[0], {}, wildcards=True, variables=True),)
    return context


def _missing_checks(declared: Declared, permissions: Iterable[Permission], holding: _Holding) -> Iterator[Finding]:
    """TP311."""
    for permission in permissions:
        if "ConditionCheckItem" not in permission.actions:
            continue
        keys = tuple(sorted(permission.key_attributes))
        insisted = {**_context(permission, keys), ENCLOSING: "TransactWriteItems"}
        insisted.pop(SELECT, None)
        request, is_allowed = holding.request(_CHECK, declared.home.table(permission.table), insisted)
        if not is_allowed:
            sentence = f"{declared.component.name} checks conditions on items of {permission.table} in transactions"
            yield holding.finding("TP311", sentence, request, is_allowed=False)


def _covered_entities(declared: Declared, permissions: Iterable[Permission], holding: _Holding) -> Iterator[Finding]:
    """TP402."""
    permissions = list(permissions)
    granted = {(each.table, each.index, pattern) for each in permissions for pattern in each.leading_keys or ()}
    for table in declared.system.physical_tables(declared.naming):
        patterns = sorted({(index, key) for name, index, key in granted if name == table.name}, key=str)
        for index, pattern in patterns:
            test = text_test(parse_pattern(_literal(pattern), wildcards=True, variables=False))
            others = {
                layout.entity.model.__name__: wildcard
                for layout in declared.system.layouts
                if layout.table is table.table
                and (wildcard := _wildcard(layout, index, table.index_names)) is not None
                and (table.name, index, wildcard) not in granted
                and _literal(pattern) != wildcard
                and test(wildcard)
            }
            if not others:
                continue
            reached = filled(min(others.values()), {}, wildcards=True, variables=True)
            actions = sorted(
                {
                    action
                    for each in permissions
                    if (each.table, each.index) == (table.name, index) and pattern in (each.leading_keys or ())
                    for action in each.actions
                }
            )
            arn = declared.home.table_or_index(table.name, index)
            for action in actions:
                request, is_allowed = holding.request(f"dynamodb:{action}", arn, {LEADING_KEYS: (reached,)})
                if is_allowed:
                    sentence = f"{pattern} of {declared.component.name} also covers {', '.join(sorted(others))}"
                    yield holding.finding("TP402", sentence, request, is_allowed=True)
                    break


def _literal(pattern: str) -> str:
    """A pattern in which a policy variable stands for some text."""
    start = pattern.find("${")
    return pattern if start < 0 else f"{pattern[:start]}t1{pattern[pattern.index('}', start) + 1 :]}"


def _wildcard(layout: EntityLayout, index: str | None, names: Mapping[str, str]) -> str | None:
    """The pattern of an entity's partition keys in the table or index; None where it has none, or takes any value."""
    found = [layout.table_key] if index is None else []
    found += [
        key
        for key in layout.index_keys.values()
        if index is not None and key.index is not None and names[key.index.name] == index
    ]
    for key in found:
        if isinstance(key.partition, TemplatePart):
            wildcard = key.partition.template.wildcard({})
            return None if wildcard == "*" else wildcard
    return None
