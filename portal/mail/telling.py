"""From what happened to who is told of it. Apps above say what they tell; nothing is told that nobody said."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from portal.mail import outbox
from portal.mail.compose import named
from portal.mail.letter import Telling
from portal.models import Action, AuditEvent, AuditNote, Batch

Teller = Callable[[AuditEvent], Iterable[Telling]]
BatchTeller = Callable[[list[AuditEvent]], Iterable[Telling]]

#: What comes to be told later than this (a worker that stood still, history written afterwards) is no news.
NEWS = timedelta(days=7)
#: A part joins its batch a moment before or after the instant of its changes.
SLACK = timedelta(minutes=1)

_tellers: dict[str, Teller] = {}
_batches: dict[str, BatchTeller] = {}


def tells(*actions: Action) -> Callable[[Teller], Teller]:
    """This function knows whom to tell of these events, and what."""

    def register(teller: Teller) -> Teller:
        for action in actions:
            _tellers[action.value] = teller
        return teller

    return register


def tells_batch(*actions: Action) -> Callable[[BatchTeller], BatchTeller]:
    """This function tells of many such events at once, each person with one mail."""

    def register(teller: BatchTeller) -> BatchTeller:
        for action in actions:
            _batches[action.value] = teller
        return teller

    return register


def tell(event_id: uuid.UUID | str) -> None:
    """Write the mails of one event. Telling a second time writes nothing."""
    event = AuditEvent.objects.select_related("organisation").filter(pk=event_id).first()
    teller = _tellers.get(event.action) if event else None
    if event is None or teller is None or event.at < timezone.now() - NEWS:
        return
    deliver(teller(event), key=str(event.pk))


def tell_batch(batch_id: uuid.UUID | str, at: str = "") -> None:
    """Write the mails of everything a closed batch changed in its organisation's record: one a person.

    `at`: only what it changed at this instant, where somebody outside chose the request's id and may use it again.
    """
    batch = Batch.objects.filter(pk=batch_id, closed_at__gte=timezone.now() - NEWS).first()
    if batch is None:
        return
    events = AuditEvent.objects.filter(
        organisation_id=batch.organisation_id, at__gte=batch.begun_at - SLACK, request_id=batch.request_id
    )
    if at:
        events = events.filter(at=datetime.fromisoformat(at))
    by_teller: dict[BatchTeller, list[AuditEvent]] = {}
    for event in events.select_related("organisation").order_by("pk"):
        if teller := _batches.get(event.action):
            by_teller.setdefault(teller, []).append(event)
    for teller, found in by_teller.items():
        deliver(teller(found), key=str(batch.pk))


def deliver(tellings: Iterable[Telling], *, key: str) -> None:
    """One mail a person, whichever of several tellings names them first."""
    told: set[uuid.UUID] = set()
    for telling in tellings:
        for reader in telling.readers:
            if reader.user and reader.user.pk not in told:
                told.add(reader.user.pk)
                outbox.write(telling, reader, key=f"{key}:{reader.user.pk}")


@dataclass(frozen=True, slots=True)
class Side:
    """An organisation as an event names it."""

    id: uuid.UUID
    name: str


def side(event: AuditEvent, key: str) -> Side:
    """One of the organisations of an event, as it was called then."""
    said = event.after[key]
    return Side(uuid.UUID(said["id"]), named(said["name"]))


def note_of(event: AuditEvent) -> str:
    """The words whoever did it added for the organisation whose record it is."""
    note = AuditNote.objects.filter(event=event).first()
    return note.text if note else ""


def siblings(event: AuditEvent) -> list[AuditEvent]:
    """Everything written by the same request at the same instant into the same record, in order."""
    found = AuditEvent.objects.filter(
        organisation_id=event.organisation_id, at=event.at, request_id=event.request_id
    )
    return list(found.select_related("organisation").order_by("pk"))


def is_first(event: AuditEvent, **after: object) -> bool:
    """Of several events of one act, the first tells of all. `after`: what they have in common."""
    found = [
        other
        for other in siblings(event)
        if other.action == event.action and all(other.after.get(key) == value for key, value in after.items())
    ]
    return not found or found[0].pk == event.pk
