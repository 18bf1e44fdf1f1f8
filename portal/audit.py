"""Writing what happened. Nothing else in the portal writes audit events."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from portal.actor import Actor
from portal.models import Action, AuditEvent, AuditNote
from portal.models.organisation import Organisation
from portal.permissions import Permission


def record(
    action: Action,
    *,
    acting: Actor,
    organisation: Organisation,
    at: datetime,
    permission: Permission | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    note: str = "",
    customer_id: uuid.UUID | None = None,
    subscription_id: uuid.UUID | None = None,
    partner_ids: Iterable[uuid.UUID] = (),
) -> AuditEvent:
    """Write one event into the transaction of the change it tells of (R9).

    `organisation` is whose record changed; `permission` the right that was used, from which the acting role follows.
    `before` and `after` hold names and ids of organisations as they were, never names of people.
    """
    event = AuditEvent(
        organisation=organisation,
        at=at,
        action=action,
        channel=acting.channel,
        actor_kind=acting.kind,
        actor_id=acting.user.pk if acting.user else acting.credential_id,
        actor_role=acting.role_for(permission) if permission else "",
        actor_organisation_id=acting.organisation.pk,
        actor_organisation_name=acting.organisation.name,
        customer_id=customer_id,
        subscription_id=subscription_id,
        partner_ids=list(partner_ids),
        before=dict(before or {}),
        after=dict(after or {}),
        note_hash=hashlib.sha256(note.encode()).hexdigest() if note else "",
        request_id=acting.request_id,
    )
    event.save(force_insert=True)
    if note:
        AuditNote.objects.create(event=event, text=note)
    return event
