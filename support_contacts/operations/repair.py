"""Many support contacts changed at once: back to the provider, or to one reseller (R8). First a plan, then the act.

Each change is an ordinary one, judged under lock like any other and audited by itself, channel "bulk". A hundred
subscriptions share a transaction, held in the one order of `portal.locks` and by id, so that two repairs, or a repair
and a choice, wait for each other and never for ever; within it each row has its savepoint.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from portal.actor import Actor
from portal.authority import still
from portal.errors import Busy, NotVisible
from portal.locks import patience
from portal.models import Channel, Partner
from portal.operations import batches
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import Designation, Reason, Repair, Standing, Verdict, force, verdict
from support_contacts.operations.core import Choice, apply_choice, settle, take_note
from support_contacts.operations.locking import Held, hold, standing_of, standings_at

logger = logging.getLogger(__name__)

#: Rows one repair may change, and rows one transaction holds.
LARGEST, CHUNK = 1000, 100
Outcome = Repair.Outcome


@dataclass(frozen=True, slots=True)
class Planned:
    """What would come of one row now. `why` says more where it would not change."""

    subscription: Subscription
    stored: Designation | None
    outcome: Outcome
    why: Verdict | None = None
    code: str = ""


def plan(
    partner: Partner, subscriptions: Sequence[Subscription], stored: Mapping[uuid.UUID, Designation]
) -> list[Planned]:
    """What choosing this partner for these subscriptions of one provider would change at this instant.

    Nothing is written and nothing held: the same judgement is made again under lock. Three queries at most.
    """
    now = timezone.now()
    if not subscriptions:
        return []
    provider_id = subscriptions[0].provider_id
    customers = {row.customer_id for row in subscriptions}
    partners = [*(d.partner for d in stored.values()), *([] if partner.pk == provider_id else [partner])]
    standings = standings_at(provider_id, customers, partners)
    held = Held(now, {row.pk: row for row in subscriptions}, dict(stored), standings)
    return [_judge(row, partner, held) for row in subscriptions]


@transaction.atomic(durable=True)
def select_for_repair(
    subscriptions: Sequence[uuid.UUID], *, acting: Actor, matched: int = 0, origin: str = ""
) -> Repair:
    """Put a selection aside, to plan from. No contact changes; a selection nobody submits is forgotten in a day."""
    require(acting, Permission.CONTACT_ASSIGN)
    own = Subscription.objects.visible_to(acting).sold_by(acting.organisation.pk).filter(pk__in=subscriptions)
    ids = [str(pk) for pk in own.order_by("pk").values_list("pk", flat=True)[:LARGEST]]
    return Repair.objects.create(
        provider=acting.organisation.partner, user=acting.user, selection=ids, matched=matched, origin=origin
    )


def repair(selected: Repair, *, partner: Partner, versions: Mapping[uuid.UUID, int], acting: Actor) -> Repair:
    """Choose this partner for all these subscriptions, the provider's own id for "back to provider".

    Submitted twice, the second answers with what the first did. `versions` carries the `contact_version` of each
    subscription as the plan showed it; what somebody changed since is left alone and said. One row that cannot be
    changed stops no other. Whoever is concerned is told once of all of it, also where it was killed half way.
    """
    require(acting, Permission.CONTACT_ASSIGN)
    acting = replace(acting, channel=Channel.BULK.value)
    made, is_first = _begin(selected, partner, acting)
    if not is_first:
        return made
    ids = sorted(set(versions) & {uuid.UUID(pk) for pk in made.selection})
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        try:
            _repair_chunk(made, partner, {pk: versions[pk] for pk in some}, acting)
        except Busy:
            _keep(made, {str(pk): [Outcome.BUSY.value] for pk in some})
        except batches.BatchOver:  # taken for dead, and told of what was done: the rest is not reached
            return made
    _finish(made)
    return made


def forget_selections(before: datetime) -> int:
    """Delete selections nobody submitted; how many."""
    count, _by_model = Repair.objects.filter(started_at=None, created_at__lt=before).delete()
    return count


# -- parts


@patience()
@transaction.atomic(durable=True)
def _begin(selected: Repair, partner: Partner, acting: Actor) -> tuple[Repair, bool]:
    """Take the selection for this repair; False where it was submitted before, also at the same moment."""
    acting = still(acting, Permission.CONTACT_ASSIGN)
    row = Repair.objects.visible_to(acting).select_for_update().filter(pk=selected.pk).first()
    if row is None:
        raise NotVisible
    if row.started_at is not None:
        return row, False
    row.partner, row.started_at = partner, timezone.now()
    row.save(update_fields=["partner", "started_at"])
    return row, True


@patience()
@transaction.atomic(durable=True)
def _repair_chunk(made: Repair, partner: Partner, versions: Mapping[uuid.UUID, int], acting: Actor) -> None:
    batches.join(made.pk, acting=acting)
    acting = still(acting, Permission.CONTACT_ASSIGN)
    provider_id = acting.organisation.pk
    chosen = [] if partner.pk == provider_id else [partner]
    held = hold(provider_id, list(versions), acting=acting, chosen=chosen)
    outcomes: dict[str, list[str]] = {}
    changed, seen = [], []
    for pk, version in versions.items():
        row = held.rows.get(pk)
        if row is None:
            outcomes[str(pk)] = [Outcome.GONE.value]
            continue
        planned = _judge(row, partner, held)
        # R6: what is so already is a success even from a stale plan; a version comes before eligibility.
        if planned.outcome not in (Outcome.ALREADY, Outcome.EXCLUDED) and row.contact_version != version:
            outcomes[str(pk)] = [Outcome.CONFLICT.value]
            continue
        if planned.outcome == Outcome.CHANGED:
            outcomes[str(pk)] = _change(row, partner, held, acting)
            if outcomes[str(pk)][0] == Outcome.CHANGED:
                changed.append(row)
            continue
        if planned.outcome == Outcome.ALREADY:
            seen.append(row)
        outcomes[str(pk)] = [planned.outcome.value, planned.code]
    settle(changed, at=held.now)
    if not chosen:
        take_note(provider_id, seen, at=held.now, acting=acting)
    _keep(made, outcomes)


def _judge(row: Subscription, partner: Partner, held: Held) -> Planned:
    stored = held.stored.get(row.pk)
    if stored is None and partner.pk == row.provider_id and row.is_live:
        return Planned(
            row, stored, Outcome.ALREADY
        )  # also in new commerce: nothing stands that could be undone
    if row.is_new_commerce:
        return Planned(row, stored, Outcome.EXCLUDED, code="new_commerce_not_supported")
    if not row.is_live:
        return Planned(row, stored, Outcome.EXCLUDED, code="subscription_ended")
    choice = Choice(row, partner.pk, stored)
    judged = Verdict()
    if not choice.is_provider:
        standing = held.standings.get((partner.pk, row.customer_id)) or Standing(partner)
        judged = verdict(standing, at=held.now, told_to=row.provider_id)
    if choice.is_already_so(judged, at=held.now):
        return Planned(row, stored, Outcome.ALREADY)
    if not judged:
        reason = judged.reason or Reason.RELATIONSHIP_MISSING
        return Planned(row, stored, Outcome.NOT_ELIGIBLE, why=judged, code=reason.value)
    return Planned(row, stored, Outcome.CHANGED)


def _change(row: Subscription, partner: Partner, held: Held, acting: Actor) -> list[str]:
    stored = held.stored.get(row.pk)
    stood = force(stored, standing_of(stored, held), at=held.now) if stored else None
    try:
        with transaction.atomic():
            event = apply_choice(
                Choice(row, partner.pk, stored),
                at=held.now,
                acting=acting,
                partner=partner,
                stood=stood,
                settles=False,
            )
    except DatabaseError:  # this row alone; the others go on
        logger.exception("repair_row_failed", extra={"subscription": str(row.pk)})
        return [Outcome.BUSY.value]
    return [Outcome.CHANGED.value, str(event.pk)]


def _keep(made: Repair, outcomes: Mapping[str, list[str]]) -> None:
    made.outcomes = {**made.outcomes, **outcomes}
    made.save(update_fields=["outcomes"])


@transaction.atomic(durable=True)
def _finish(made: Repair) -> None:
    made.finished_at = timezone.now()
    made.save(update_fields=["finished_at"])
    batches.close(made.pk)
