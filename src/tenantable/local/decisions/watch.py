"""Watching the decisions about a system's components."""

from collections.abc import Iterable, Mapping

from tenantable.iam.evaluation import AccessRequest, Decision
from tenantable.iam.explanation.declared import DeclaredComponent
from tenantable.iam.explanation.findings import Asker
from tenantable.iam.use.counting import GrantUses
from tenantable.local.components import Installation
from tenantable.local.decisions.denials import DenialLog


class PolicyWatch:
    """A `DecisionWatch` that counts what is allowed and, where there is a log, writes down what is denied."""

    def __init__(self, uses: GrantUses, denials: DenialLog | None = None) -> None:
        self._denials = denials
        self.tally = uses.tally

    def denied(self, asker: Asker, request: AccessRequest, decision: Decision) -> None:
        if self._denials is not None:
            self._denials.denied(asker, request, decision)


def declared_components(installations: Iterable[Installation]) -> Mapping[str, DeclaredComponent]:
    """Every component, by the ARN of its role."""
    return {
        each.principal(component): DeclaredComponent(
            system=each.system, component=component, naming=each.naming, home=each.home
        )
        for each in installations
        for component in each.system.components
    }
