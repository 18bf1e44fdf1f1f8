"""The history of one subscription as its page shows it: who was the contact, newest first, a part at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from uuid import UUID

from django.utils import timezone
from django.utils.functional import cached_property

from portal.actor import Actor
from portal.keyset import Cursor
from portal.models import AuditEvent
from portal.who import names_read, who_of
from subscriptions.models import Subscription
from support_contacts import subscription_rows
from support_contacts.activity.happened import contact_line
from support_contacts.models import (
    Contact,
    ContactKind,
    Designation,
    Interval,
    Standing,
    intervals,
    on_day,
    part_of,
)
from support_contacts.reasons import cause
from support_contacts.subscription_rows import PART

_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history: an interval, and the change that began it where there was one."""

    interval: Interval
    event: AuditEvent | None
    who: str
    is_now: bool
    is_first: bool
    cause: str

    @property
    def line(self) -> str:
        """How that change came about; empty where the records alone began it."""
        return contact_line(self.event, self.who)


@dataclass
class History:
    """Who was the contact of a subscription until `now`: of a long history the part that began before an instant.

    What was chosen last is known whichever part is shown. Two queries.
    """

    actor: Actor
    subscription: Subscription
    standings: Mapping[UUID, Standing]
    now: datetime
    #: An instant at which a line begins that is not shown any more.
    before: datetime | None = None

    @cached_property
    def _read(self) -> list[Designation]:
        """Newest first: the ones that began last, and as many as one part can need."""
        rows: list[Designation] = subscription_rows.DESIGNATIONS(
            provider=self.subscription.provider_id,
            subscription=self.subscription.pk,
            before=self.before or _EVER,
            at=self.now,
        )
        return rows

    @property
    def _part(self) -> list[Designation]:
        before = self.before
        return self._read if before is None else [row for row in self._read if row.started_at < before]

    @property
    def newest(self) -> list[Designation]:
        """The choice that began last, and the last that has begun by now: another one where the host that recorded it
        has a clock that is ahead. Of all others none can stand now."""
        begun = (row for row in self._read[1:] if row.started_at <= self.now)
        return [*self._read[:1], *islice(begun, 1)]

    @property
    def _since(self) -> datetime | None:
        """Where what was read begins; None where that is everything before."""
        part = self._part
        return part[-1].started_at if len(part) > PART else None

    @cached_property
    def _intervals(self) -> list[Interval]:
        """Newest first. Every choice that stood begins one: so many of them are enough."""
        found = intervals(self.subscription, self._part, self.standings, self.now)
        return part_of(found, since=self._since, before=self.before)

    @property
    def _shown(self) -> list[Interval]:
        return self._intervals[:PART]

    @property
    def is_part(self) -> bool:
        """There is something before it."""
        return self._since is not None or len(self._intervals) > PART

    @property
    def earlier(self) -> Cursor | None:
        """Where the part before this one ends."""
        if not self.is_part or not self._shown:
            return None
        return Cursor(self._shown[-1].start.isoformat(), self.subscription.pk, 1)

    @cached_property
    def events(self) -> list[AuditEvent]:
        """Changes of this subscription's contact in this part, and the last one, newest first, in our own record."""
        shown = self._shown
        rows: list[AuditEvent] = subscription_rows.EVENTS(
            me=self.actor.organisation.pk,
            subscription=self.subscription.pk,
            since=shown[-1].start if shown else self.now,
            before=self.before or _EVER,
        )
        return rows

    def who(self, event: AuditEvent) -> str:
        """Who acted, as an agent of the same provider reads it: of those in this part."""
        return who_of(event, self._people, self.actor.organisation.pk)

    @cached_property
    def entries(self) -> list[Entry]:
        """This part, newest first."""
        shown = self._shown
        last = len(shown) - 1
        return [
            self._entry(
                interval,
                is_now=self.before is None and number == 0,
                is_first=number == last and not self.is_part,
            )
            for number, interval in enumerate(shown)
        ]

    @cached_property
    def current(self) -> Entry:
        """What is so now, whichever part is shown."""
        if self.before is None:
            return self.entries[0]
        found = intervals(self.subscription, self.newest, self.standings, self.now)
        return self._entry(found[-1], is_now=True, is_first=len(found) == 1)

    def _entry(self, interval: Interval, *, is_now: bool, is_first: bool) -> Entry:
        event = self._by_instant.get(interval.start)
        who = self.who(event) if event is not None else ""
        return Entry(interval, event, who, is_now, is_first, _cause(interval.contact))

    @cached_property
    def _by_instant(self) -> dict[datetime, AuditEvent]:
        return {event.at: event for event in reversed(self.events)}

    @cached_property
    def _people(self) -> dict[UUID, str]:
        return names_read(self.events, self.actor.organisation.pk)

    def on(self, day: date) -> list[Interval]:
        """Every contact of that day, in the reader's zone. The first day begins with the subscription. One query
        where it may lie outside of what is shown."""
        zone = timezone.get_current_timezone()
        start = datetime.combine(day, time.min, tzinfo=zone)
        end = min(datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone), self.now)
        if start >= self.now:
            return []
        rows = self._read
        if self.before is not None or self._since is not None:
            rows = subscription_rows.standing_between(self.subscription, start, end)
        return on_day(intervals(self.subscription, rows, self.standings, self.now), start, end)


def _cause(contact: Contact) -> str:
    if contact.cause is None or contact.designation is None or contact.kind != ContactKind.FALLBACK:
        return ""
    return cause(contact.cause, contact.designation.partner.name)
