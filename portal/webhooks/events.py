"""What an audit event is told as, and which organisations may be told: those whose record it is, and the parties.

Relationships and delegated admin are told to every partner that is part of them; a support contact to its provider
alone (R12: a reseller reads its duties, not its provider's subscriptions).
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.models.audit import Action, AuditEvent
from portal.models.webhooks import WebhookEvent, WebhookResource

#: After one of these there is nothing more to tell of the same thing.
ENDS = frozenset(
    {
        WebhookEvent.RELATIONSHIP_DECLINED,
        WebhookEvent.RELATIONSHIP_WITHDRAWN,
        WebhookEvent.RELATIONSHIP_ENDED,
        WebhookEvent.DELEGATED_ADMIN_DECLINED,
        WebhookEvent.DELEGATED_ADMIN_WITHDRAWN,
        WebhookEvent.DELEGATED_ADMIN_ENDED,
        WebhookEvent.DELEGATED_ADMIN_EXPIRED,
    }
)
_CONTACT, _RESELLER, _CUSTOMER, _GRANT = (
    WebhookResource.SUPPORT_CONTACT,
    WebhookResource.RESELLER_RELATIONSHIP,
    WebhookResource.CUSTOMER_RELATIONSHIP,
    WebhookResource.DELEGATED_ADMIN,
)
_TOLD_AS: dict[str, tuple[WebhookEvent, WebhookResource]] = {
    Action.DESIGNATION_MADE: (WebhookEvent.SUPPORT_CONTACT_UPDATED, _CONTACT),
    Action.DESIGNATION_ENDED: (WebhookEvent.SUPPORT_CONTACT_UPDATED, _CONTACT),
    Action.SUBSCRIPTION_MOVED: (WebhookEvent.SUPPORT_CONTACT_UPDATED, _CONTACT),
    Action.SUBSCRIPTION_REMOVED: (WebhookEvent.SUPPORT_CONTACT_UPDATED, _CONTACT),
    Action.RESELLER_RELATIONSHIP_REQUESTED: (WebhookEvent.RELATIONSHIP_REQUESTED, _RESELLER),
    Action.RESELLER_RELATIONSHIP_ESTABLISHED: (WebhookEvent.RELATIONSHIP_ESTABLISHED, _RESELLER),
    Action.RESELLER_RELATIONSHIP_DECLINED: (WebhookEvent.RELATIONSHIP_DECLINED, _RESELLER),
    Action.RESELLER_RELATIONSHIP_WITHDRAWN: (WebhookEvent.RELATIONSHIP_WITHDRAWN, _RESELLER),
    Action.RESELLER_RELATIONSHIP_ENDED: (WebhookEvent.RELATIONSHIP_ENDED, _RESELLER),
    Action.CUSTOMER_RELATIONSHIP_REQUESTED: (WebhookEvent.RELATIONSHIP_REQUESTED, _CUSTOMER),
    Action.CUSTOMER_RELATIONSHIP_ESTABLISHED: (WebhookEvent.RELATIONSHIP_ESTABLISHED, _CUSTOMER),
    Action.CUSTOMER_RELATIONSHIP_DECLINED: (WebhookEvent.RELATIONSHIP_DECLINED, _CUSTOMER),
    Action.CUSTOMER_RELATIONSHIP_WITHDRAWN: (WebhookEvent.RELATIONSHIP_WITHDRAWN, _CUSTOMER),
    Action.CUSTOMER_RELATIONSHIP_ENDED: (WebhookEvent.RELATIONSHIP_ENDED, _CUSTOMER),
    Action.DELEGATED_ADMIN_REQUESTED: (WebhookEvent.DELEGATED_ADMIN_REQUESTED, _GRANT),
    Action.DELEGATED_ADMIN_ESTABLISHED: (WebhookEvent.DELEGATED_ADMIN_ESTABLISHED, _GRANT),
    Action.DELEGATED_ADMIN_DECLINED: (WebhookEvent.DELEGATED_ADMIN_DECLINED, _GRANT),
    Action.DELEGATED_ADMIN_WITHDRAWN: (WebhookEvent.DELEGATED_ADMIN_WITHDRAWN, _GRANT),
    Action.DELEGATED_ADMIN_ENDED: (WebhookEvent.DELEGATED_ADMIN_ENDED, _GRANT),
}
#: An import has one action for every way something closed and says in the event which it was.
_CLOSED_AS = {
    (_RESELLER, "declined"): WebhookEvent.RELATIONSHIP_DECLINED,
    (_RESELLER, "withdrawn"): WebhookEvent.RELATIONSHIP_WITHDRAWN,
    (_CUSTOMER, "withdrawn"): WebhookEvent.RELATIONSHIP_WITHDRAWN,
    (_GRANT, "withdrawn"): WebhookEvent.DELEGATED_ADMIN_WITHDRAWN,
    (_GRANT, "expired"): WebhookEvent.DELEGATED_ADMIN_EXPIRED,
}
_CLOSING = frozenset({WebhookEvent.RELATIONSHIP_ENDED, WebhookEvent.DELEGATED_ADMIN_ENDED})


@dataclass(frozen=True, slots=True)
class Told:
    """One event for one organisation, whether or not anybody there wants it."""

    organisation_id: uuid.UUID
    event_id: uuid.UUID
    event: WebhookEvent
    resource: WebhookResource
    facts: Mapping[str, Any]
    at: datetime


def told_of(audit: AuditEvent) -> Iterator[Told]:
    """What is told of one event of the log, once an organisation; nothing of most."""
    found = _TOLD_AS.get(audit.action)
    if found is None or _is_no_news(audit, found[0]):
        return
    event, resource = found
    if event in _CLOSING:
        event = _CLOSED_AS.get((resource, str(audit.after.get("state"))), event)
    parties = {audit.organisation_id} if resource == _CONTACT else {audit.organisation_id, *audit.partner_ids}
    facts = _facts(audit, resource)
    for organisation_id in sorted(parties):
        yield Told(organisation_id, audit.pk, event, resource, facts, audit.at)


def _is_no_news(audit: AuditEvent, event: WebhookEvent) -> bool:
    """An import wrote down what had closed before it was on record, or what the clock had closed and told."""
    if event not in _CLOSING or "state" not in audit.after:
        return False
    return audit.before.get("state") in (None, "expired", "lapsed")


def _facts(audit: AuditEvent, resource: WebhookResource) -> dict[str, Any]:
    if resource == _RESELLER:
        others = [pk for pk in audit.partner_ids if pk != audit.organisation_id]
        return {"provider": str(audit.organisation_id), "reseller": str(others[0]) if others else ""}
    facts: dict[str, Any] = {"customer": str(audit.customer_id)}
    if resource == _CONTACT:
        return {**facts, "subscription": str(audit.subscription_id), "version": audit.after.get("version")}
    # Whose relationship or grant it is; the record may be the provider's that asked for it.
    return {**facts, "partner": str(audit.partner_ids[0]) if audit.partner_ids else ""}
