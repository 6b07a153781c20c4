"""The parts of an erasure put together: each erases under the component whose items they are."""

from tenantable.services.access.audit.assembly import Parts
from tenantable.services.access.audit.service import Audit
from tenantable.services.access.declaration import audit_eraser, directory_service, invitation_service
from tenantable.services.access.directory.removal import Removal
from tenantable.services.access.erasure.answers import AnswerErasure
from tenantable.services.access.erasure.invitations import InvitationErasure
from tenantable.services.access.erasure.users import UserErasure


def erasure_of(parts: Parts, *, removal: Removal, audit: Audit) -> UserErasure:
    """The erasure of users."""
    whole = parts.database(audit_eraser, clock=lambda: 0.0)
    return UserErasure(
        parts.changes(directory_service),
        removal=removal,
        invitations=InvitationErasure(parts.changes(invitation_service)),
        answers=AnswerErasure(parts.changes(audit_eraser, whole)),
        audit=audit,
    )
