"""Support contacts as Microsoft writes them (§2.3), and what we add. Dicts made by hand, members left out by hand."""

import uuid
from datetime import datetime
from typing import Any

from portal.api.wire import instant, link
from portal.models import AuditEvent, Partner
from subscriptions import etags
from subscriptions.models import Subscription
from support_contacts.models import ContactKind, Interval


def contact_path(customer_id: uuid.UUID, public_id: str) -> str:
    """The relative address of a support contact; ids as we write them, whatever the caller wrote (trap 4, 8)."""
    return f"/customers/{customer_id}/subscriptions/{public_id}/supportcontact"


def named(tenant: object, number: str, name: str) -> dict[str, Any]:
    """Microsoft's three members. A partner without a PartnerID has none here either (trap 6)."""
    said = {"supportTenantId": str(tenant)}
    if number:
        said["supportMpnId"] = number
    said["name"] = name
    return said


def partner(row: Partner) -> dict[str, Any]:
    return named(row.pk, row.partner_id, row.organisation.name)


def shown(in_force: list[dict[str, str]], provider: Partner) -> dict[str, Any]:
    """Whom the customer is shown: the partner `partner_in_force` found, or the provider (R7)."""
    if not in_force:
        return partner(provider)
    return named(in_force[0]["id"], in_force[0]["partner_id"], in_force[0]["name"])


def support_contact(
    said: dict[str, Any], *, customer_id: uuid.UUID, public_id: str, version: int | None = None
) -> dict[str, Any]:
    """Microsoft's SupportContact. The etag is of the choice; a contact of the past has none."""
    attributes = {} if version is None else {"etag": etags.write(public_id, version)}
    return {
        **said,
        "links": {"self": link(contact_path(customer_id, public_id))},
        "attributes": {**attributes, "objectType": "SupportContact"},
    }


def interval(row: Subscription, found: Interval, now: datetime) -> dict[str, Any]:
    """Who was the contact from one instant to another, why, and whom somebody had chosen."""
    contact = found.contact
    said: dict[str, Any] = {"start": instant(found.start)}
    if found.end is not None and found.end < now:
        said["end"] = instant(found.end)
    said["kind"] = contact.kind.value
    if contact.partner is not None:
        said["supportContact"] = partner(contact.partner)
    if contact.designation is not None:
        said["designated"] = partner(contact.designation.partner)
    if contact.kind == ContactKind.FALLBACK and contact.cause is not None and contact.cause.reason:
        said["reason"] = contact.cause.reason.value
    return said


def change(event: AuditEvent) -> dict[str, Any]:
    """Which act began it: through which door, as what, for which organisation. Never who the person was."""
    by: dict[str, Any] = {"kind": event.actor_kind}
    if event.actor_role:
        by["role"] = event.actor_role
    if event.actor_organisation_id:
        by["organisationId"] = str(event.actor_organisation_id)
        by["organisationName"] = event.actor_organisation_name
    said: dict[str, Any] = {
        "action": event.action,
        "at": instant(event.at),
        "channel": event.channel,
        "by": by,
    }
    if event.request_id:
        said["requestId"] = event.request_id
    if "version" in event.after:
        said["version"] = event.after["version"]
    return said
