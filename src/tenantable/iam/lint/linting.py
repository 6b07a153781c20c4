"""All rules on all statements of some policies."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.reading import LintedPolicy, PolicySource, read_policy
from tenantable.iam.lint.rules.conditions import (
    absent_keys,
    denies_of_all_values,
    malformed_conditions,
    never_met,
    set_operators,
    tenants_without_delimiter,
    unknown_keys,
    variables_in_exceptions,
    variables_without_version,
)
from tenantable.iam.lint.rules.declared import Declared, lint_declared
from tenantable.iam.lint.rules.effects import (
    batch_deletes,
    condition_checks,
    ghost_actions,
    misplaced_actions,
    sizes,
    unknown_actions,
)
from tenantable.iam.lint.rules.fine_grained import (
    attributes_without_keys,
    keyless_actions,
    scans,
    unguarded_attributes,
    whole_item_writes,
)
from tenantable.iam.lint.rules.principals import any_principal, negated_elements
from tenantable.iam.lint.rules.redundancy import superfluous
from tenantable.iam.lint.rules.scope import foreign_homes, wildcard_actions, wildcard_resources
from tenantable.iam.lint.witnesses import Subject, subjects
from tenantable.wire.arns import Home

_STATEMENT_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    wildcard_actions,
    wildcard_resources,
    foreign_homes,
    negated_elements,
    any_principal,
    ghost_actions,
    unknown_actions,
    misplaced_actions,
    condition_checks,
    batch_deletes,
    unknown_keys,
    malformed_conditions,
    variables_without_version,
    never_met,
    set_operators,
    absent_keys,
    denies_of_all_values,
    tenants_without_delimiter,
    variables_in_exceptions,
    keyless_actions,
    scans,
    unguarded_attributes,
    attributes_without_keys,
    whole_item_writes,
    superfluous,
    sizes,
)


def lint(sources: Iterable[PolicySource]) -> list[Finding]:
    """
    What the rules find in some documents.

    Returns:
        Findings in the order of documents, statements and rule ids. Each has an example that `holds`.
    Raises:
        PolicyError: A document has not the form of a policy.
    """
    return lint_policies([read_policy(source) for source in sources])


def lint_policies(policies: Sequence[LintedPolicy]) -> list[Finding]:
    """As `lint`, of documents that were read."""
    order = {policy.source.place: number for number, policy in enumerate(policies)}
    found = [
        finding
        for subject in subjects(policies)
        for rule in _STATEMENT_RULES
        for finding in rule(subject)
        if finding.example.holds()
    ]
    return sorted(found, key=lambda each: (order[each.place], each.statement or 0, each.rule.id))


def lint_for_component(
    system: System, component: Component, naming: Naming, *, home: Home, sources: Sequence[PolicySource]
) -> list[Finding]:
    """
    As `lint`, of all policies of one component: its access patterns and the keys of its tables count too.

    Raises:
        PolicyError: A document has not the form of a policy.
    """
    key_names = {table.name: frozenset(table.table.key_attributes) for table in system.physical_tables(naming)}
    policies = [read_policy(replace(source, key_names={**key_names, **source.key_names})) for source in sources]
    declared = Declared(system=system, component=component, naming=naming, home=home)
    return [*lint_policies(policies), *lint_declared(declared, policies)]
