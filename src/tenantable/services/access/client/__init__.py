"""For other applications: decisions in process or over HTTP, and the FastAPI dependency `require`."""

from tenantable.services.access.client.deciders import Ask, Decider, HttpDecider, LocalDecider
from tenantable.services.access.client.decisions import DecisionClient, DecisionPointMixedUp, RequestRefused
from tenantable.services.access.client.requiring import Access, install_access, require

__all__ = [
    "Access",
    "Ask",
    "Decider",
    "DecisionClient",
    "DecisionPointMixedUp",
    "HttpDecider",
    "LocalDecider",
    "RequestRefused",
    "install_access",
    "require",
]
