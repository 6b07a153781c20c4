"""All rules on all statements of some policies."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.reading import LintedPolicy, PolicySource, read_policy
from tenantable.iam.lint.rules import conditions, effects, fine_grained, principals, redundancy, scope
from tenantable.iam.lint.rules.declared import Declared, lint_declared
from tenantable.iam.lint.witnesses import Subject, subjects
from tenantable.wire.arns import Home

_STATEMENT_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    scope.wildcard_actions,
    scope.wildcard_resources,
    scope.foreign_homes,
    principals.negated_elements,
    principals.any_principal,
    effects.ghost_actions,
    effects.unknown_actions,
    effects.misplaced_actions,
    effects.condition_checks,
    effects.batch_deletes,
    conditions.unknown_keys,
    conditions.malformed_conditions,
    conditions.variables_without_version,
    conditions.never_met,
    conditions.set_operators,
    conditions.absent_keys,
    conditions.tenants_without_delimiter,
    conditions.variables_in_exceptions,
    fine_grained.keyless_actions,
    fine_grained.scans,
    fine_grained.unguarded_attributes,
    fine_grained.attributes_without_keys,
    fine_grained.whole_item_writes,
    redundancy.superfluous,
    effects.sizes,
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
