"""Writing what happened. Nothing else in the portal writes audit events."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from portal.actor import Actor
from portal.models import Action, AuditEvent, AuditNote
from portal.models.organisation import Organisation
from portal.permissions import Permission
from portal.webhooks import outbox


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
    event = draft(
        action,
        acting=acting,
        organisation=organisation,
        at=at,
        permission=permission,
        before=before,
        after=after,
        note=note,
        customer_id=customer_id,
        subscription_id=subscription_id,
        partner_ids=partner_ids,
    )
    keep([(event, note)])
    return event


def draft(
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
    """The event `record` would write, to `keep` together with others of the same change."""
    return AuditEvent(
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


def keep(drafted: Iterable[tuple[AuditEvent, str]]) -> None:
    """Write drafted events, each with its note, and what programs are told of them: all or nothing.

    An event that could be seen without its note would be sealed without it. Three queries at most, whatever their
    number; one more where somebody wants to be told.
    """
    rows = list(drafted)
    with transaction.atomic(savepoint=False):
        AuditEvent.objects.bulk_create([event for event, _note in rows])
        AuditNote.objects.bulk_create([AuditNote(event=event, text=note) for event, note in rows if note])
        outbox.tell(event for event, _note in rows)
