"""Who you are, whose data, what happened."""

from portal.models.audit import Action, AuditEvent, AuditNote, Channel
from portal.models.credentials import Credential, CredentialSecret
from portal.models.lifecycle import LAPSES_AFTER, EndedAs, Lifecycle, State, established
from portal.models.links import AnswerLink, OrganisationInvitation
from portal.models.organisation import Organisation
from portal.models.partner import Partner, PartnerSuspension, ResellerRelationship, SupportProfile
from portal.models.replay import ApiAnswer
from portal.models.seals import AuditSeal, AuditUnsealed
from portal.models.telling import Batch, Mail, MailKind, MailState, Notice
from portal.models.user import Membership, PasswordLink, User
from portal.models.webhooks import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookLook,
    WebhookOutcome,
    WebhookProblem,
    WebhookResource,
    WebhookSecret,
    WebhookTry,
)

__all__ = [
    "LAPSES_AFTER",
    "Action",
    "AnswerLink",
    "ApiAnswer",
    "AuditEvent",
    "AuditNote",
    "AuditSeal",
    "AuditUnsealed",
    "Batch",
    "Channel",
    "Credential",
    "CredentialSecret",
    "EndedAs",
    "Lifecycle",
    "Mail",
    "MailKind",
    "MailState",
    "Membership",
    "Notice",
    "Organisation",
    "OrganisationInvitation",
    "Partner",
    "PartnerSuspension",
    "PasswordLink",
    "ResellerRelationship",
    "State",
    "SupportProfile",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookLook",
    "WebhookOutcome",
    "WebhookProblem",
    "WebhookResource",
    "WebhookSecret",
    "WebhookTry",
    "established",
]
