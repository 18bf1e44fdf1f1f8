"""Designations of a provider, told: who made each, whom the customer calls now, and what is the matter."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal.actor import Actor
from portal.models import Action, AuditEvent, Channel
from portal.who import names_of as names_of_people
from support_contacts.attention import (
    ENDS,
    SETTLED,
    SOON,
    AttentionRow,
    Cause,
    Maker,
    cause_of,
    names_of,
)
from support_contacts.contacts import Key, standings_of
from support_contacts.models import Designation, EndedAs, Standing, force

#: A change of one subscription at one instant.
_At = tuple[uuid.UUID, datetime]


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is read for many rows at once."""

    now: datetime
    here: str
    standings: Mapping[Key, Standing]
    customers: Mapping[uuid.UUID, str]
    makers: Mapping[_At, Maker]
    notes: Mapping[_At, str]


def lines_of(
    actor: Actor, rows: Sequence[Designation], *, now: datetime, here: str = ""
) -> list[AttentionRow]:
    """These rows of the actor's own. Seven queries at most, whatever their number."""
    makers, notes = _told(actor, rows)
    customers = names_of(actor.organisation.pk, {row.subscription.customer_id for row in rows})
    standings = standings_of([row for row in rows if row.ended_at is None])
    known = _Known(now, here, standings, customers, makers, notes)
    return [_line(row, known) for row in rows]


def _line(row: Designation, known: _Known) -> AttentionRow:
    subscription = row.subscription
    customer = known.customers.get(subscription.customer_id, str(subscription.customer_id))
    maker = known.makers.get((row.subscription_id, row.started_at)) or Maker(channel=_door(row.channel))
    if row.ended_at is not None:
        note = known.notes.get((row.subscription_id, row.ended_at), "")
        told = AttentionRow(row, customer, False, known.here, maker, note=note)
        if told.is_unseen:
            return replace(told, cause=Cause(ENDS[row.ended_as], row.ended_at))
        return replace(told, cause=Cause(SETTLED, row.ended_at, str(EndedAs(row.ended_as).label)))
    standing = known.standings[row.provider_id, row.partner_id, subscription.customer_id]
    if not subscription.is_live:  # nobody calls for it any more, and nothing can be chosen
        cause = Cause("contact.subscription_ended", subscription.ended_at)
        return AttentionRow(row, customer, False, known.here, maker, cause=cause)
    judged = force(row, standing, at=known.now)
    if judged.reason is not None:
        cause = cause_of(row, standing, at=known.now)
        return AttentionRow(row, customer, False, known.here, maker, cause=cause)
    until = judged.grant_ends_at
    soon = until if until and until - known.now <= SOON else None
    return AttentionRow(row, customer, True, known.here, maker, until=until, ends=soon)


def _told(actor: Actor, rows: Sequence[Designation]) -> tuple[dict[_At, Maker], dict[_At, str]]:
    """What our record says of these: who made them, and what was said when others ended them."""
    if not rows:
        return {}, {}
    ended = {(row.subscription_id, row.ended_at) for row in rows if row.ended_as in ENDS and row.ended_at}
    events = list(
        AuditEvent.objects.visible_to(actor)
        .filter(
            action__in=(Action.DESIGNATION_MADE, Action.DESIGNATION_ENDED),
            subscription_id__in={row.subscription_id for row in rows},
            at__in={row.started_at for row in rows} | {at for _subscription, at in ended},
        )
        .select_related("note")
    )
    made = [event for event in events if event.action == Action.DESIGNATION_MADE and event.subscription_id]
    people = names_of_people(made, actor.organisation.pk)
    makers = {
        (event.subscription_id, event.at): Maker(
            people.get(event.actor_id, "") if event.actor_id else "",
            event.role_label,
            event.get_channel_display(),
        )
        for event in made
        if event.subscription_id
    }
    notes = {
        (event.subscription_id, event.at): event.note.text
        for event in events
        if event.note_hash and event.subscription_id and (event.subscription_id, event.at) in ended
    }
    return makers, notes


def _door(channel: str) -> str:
    return str(Channel(channel).label) if channel in Channel.values else ""
