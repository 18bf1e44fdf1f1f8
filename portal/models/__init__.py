"""Who you are, whose data, what happened."""

from portal.models.audit import Action, AuditEvent, AuditNote, Channel
from portal.models.lifecycle import LAPSES_AFTER, EndedAs, Lifecycle, State, established
from portal.models.organisation import Organisation
from portal.models.partner import Partner, PartnerSuspension, ResellerRelationship, SupportProfile
from portal.models.user import Membership, PasswordLink, User

__all__ = [
    "LAPSES_AFTER",
    "Action",
    "AuditEvent",
    "AuditNote",
    "Channel",
    "EndedAs",
    "Lifecycle",
    "Membership",
    "Organisation",
    "Partner",
    "PartnerSuspension",
    "PasswordLink",
    "ResellerRelationship",
    "State",
    "SupportProfile",
    "User",
    "established",
]
