"""Many support contacts changed at once: back to the provider, or to one reseller (R8). First a plan, then the act.

Each change is an ordinary one, judged under lock like any other and audited by itself, channel "bulk". A hundred
subscriptions share a transaction, held in the one order of `portal.locks` and by id, so that two repairs, or a repair
and a choice, wait for each other and never for ever; within it each row has its savepoint.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from portal.actor import Actor
from portal.authority import still
from portal.errors import Busy, OperationError
from portal.jobs import defer
from portal.locks import patience
from portal.models import Channel, Partner
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import Designation, Reason, Repair, Standing, Verdict, force, verdict
from support_contacts.operations.core import Choice, apply_choice, see_ends, settle
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


def repair(
    run: uuid.UUID, *, partner: Partner, versions: Mapping[uuid.UUID, int], acting: Actor
) -> tuple[Repair, bool]:
    """Choose this partner for all these subscriptions, the provider's own id for "back to provider".

    `run` was made with the plan: submitted twice, the second answers with what the first did, and False. `versions`
    carries the `contact_version` of each subscription as the plan showed it; what somebody changed since is left
    alone and said. One row that cannot be changed stops no other.
    """
    require(acting, Permission.CONTACT_ASSIGN)
    acting = replace(acting, channel=Channel.BULK.value)
    if len(versions) > LARGEST:
        raise OperationError(f"At most {LARGEST} at once.", code="too_many")
    made = _begin(run, partner, len(versions), acting)
    if made is None:
        return Repair.objects.visible_to(acting).get(pk=run), False
    ids = sorted(versions)
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        try:
            _repair_chunk(made, partner, {pk: versions[pk] for pk in some}, acting)
        except Busy:
            _keep(made, {str(pk): [Outcome.BUSY.value] for pk in some})
    _finish(made, acting)
    return made, True


# -- parts


@transaction.atomic(durable=True)
def _begin(run: uuid.UUID, partner: Partner, count: int, acting: Actor) -> Repair | None:
    """The row of this repair; None where the same plan was submitted before."""
    acting = still(acting, Permission.CONTACT_ASSIGN)
    if Repair.objects.visible_to(acting).filter(pk=run).exists():
        return None
    try:
        with transaction.atomic():
            row = Repair(
                pk=run,
                provider=acting.organisation.partner,
                partner=partner,
                user=acting.user,
                asked_for=count,
            )
            row.save(force_insert=True)
            return row
    except IntegrityError:  # the same plan submitted at the same moment
        return None


@patience()
@transaction.atomic(durable=True)
def _repair_chunk(made: Repair, partner: Partner, versions: Mapping[uuid.UUID, int], acting: Actor) -> None:
    acting = still(acting, Permission.CONTACT_ASSIGN)
    provider_id = acting.organisation.pk
    chosen = None if partner.pk == provider_id else partner
    held = hold(provider_id, list(versions), acting=acting, partner=chosen)
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
    if chosen is None:
        see_ends(provider_id, seen, at=held.now)
    _keep(made, outcomes)


def _judge(row: Subscription, partner: Partner, held: Held) -> Planned:
    stored = held.stored.get(row.pk)
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
def _finish(made: Repair, acting: Actor) -> None:
    made.finished_at = timezone.now()
    made.save(update_fields=["finished_at"])
    if any(code == Outcome.CHANGED for code, *_more in made.outcomes.values()):
        defer("portal.tell_batch", request_id=acting.request_id, organisation_id=acting.organisation.pk)
