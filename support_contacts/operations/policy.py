"""A provider's own rule about designations that have stopped holding: they end by themselves in time (R8)."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.actor import Actor
from portal.authority import still
from portal.errors import Busy, NotVisible
from portal.identifiers import uuid7
from portal.locks import patience
from portal.models import Action, Partner
from portal.operations import batches
from portal.permissions import Permission, require
from support_contacts.models import Designation, EndedAs, out_of_force_since
from support_contacts.operations.core import apply_end
from support_contacts.operations.locking import Held, hold, standing_of

#: Subscriptions held by one transaction.
CHUNK = 100


@patience()
@transaction.atomic(durable=True)
def change_policy(partner: Partner, *, days: int | None, acting: Actor) -> Partner:
    """End what has not held for so many days, or with None leave it to the agents. No difference: nothing written."""
    require(acting, Permission.PROFILE_EDIT)
    acting = still(acting, Permission.PROFILE_EDIT)
    if partner.pk != acting.organisation.pk:
        raise NotVisible
    row = Partner.objects.select_related("organisation").select_for_update(of=("self",)).get(pk=partner.pk)
    if row.ends_stale_after_days == days:
        return row
    before = {"ends_stale_after_days": row.ends_stale_after_days}
    row.ends_stale_after_days = days
    row.save(update_fields=["ends_stale_after_days"])
    audit.record(
        Action.POLICY_CHANGED,
        acting=acting,
        organisation=row.organisation,
        at=timezone.now(),
        permission=Permission.PROFILE_EDIT,
        before=before,
        after={"ends_stale_after_days": days},
    )
    return row


def end_stale(partner: Partner) -> int:
    """Do what the provider's policy says, now; how many designations ended. A second run finds nothing to do.

    Not one transaction but one for each hundred subscriptions: a provider may have many, and none waits for all.
    What counts is the time without interruption, from the records: a designation that held for a moment in between
    begins anew. Whoever is concerned is told once of the whole run, also where it was killed half way.
    """
    now = timezone.now()
    rows = Designation.objects.stale_of(partner.pk, now).order_by("subscription_id")
    ids = list(rows.values_list("subscription_id", flat=True))
    batch_id = uuid7()
    acting = Actor.system(partner.organisation, request_id=str(batch_id))
    ended = 0
    for start in range(0, len(ids), CHUNK):
        try:
            ended += _end_chunk(partner, ids[start : start + CHUNK], batch_id, acting)
        except Busy:  # somebody is at work on one of them; the next run comes soon
            continue
        except batches.BatchOver:  # taken for dead: the next run goes on
            return ended
    with transaction.atomic(durable=True):
        batches.close(batch_id)
    return ended


@patience()
@transaction.atomic(durable=True)
def _end_chunk(partner: Partner, ids: Sequence[uuid.UUID], batch_id: uuid.UUID, acting: Actor) -> int:
    held = hold(partner.pk, ids, acting=acting)
    row = Partner.objects.get(pk=partner.pk)
    if row.ends_stale_after_days is None:
        return 0
    before = held.now - timedelta(days=row.ends_stale_after_days)
    over = [row for row in held.stored.values() if _has_been_stale_since(row, held, before)]
    if over:
        batches.join(batch_id, acting=acting)
    for designation in over:
        apply_end(designation.subscription, designation, EndedAs.POLICY, at=held.now, acting=acting)
    return len(over)


def _has_been_stale_since(designation: Designation, held: Held, instant: datetime) -> bool:
    since = out_of_force_since(designation, standing_of(designation, held), at=held.now)
    return designation.subscription.is_live and since is not None and since <= instant
