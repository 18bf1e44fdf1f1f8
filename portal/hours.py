"""Support hours: when a desk answers, told on its own wall clock and understood in the reader's zone.

A desk is open when its wall clock shows a time inside its week's intervals, or always with `always_open`,
except on a closed date, which is closed from midnight to midnight and wins over everything. So a night shift
stops at midnight when it runs into a closed date, an hour that daylight saving skips is never open, and one
that it repeats is open twice.
How hours are read from people and written for them is in `opening_times.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.zones import is_zone

DAY = 24 * 60
HORIZON = timedelta(days=14)

Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OpenState:
    """A desk at one instant. `until` and `opens` are in UTC, None where there is none within 14 days."""

    is_open: bool
    until: datetime | None = None
    opens: datetime | None = None
    always: bool = False
    known: bool = True


UNKNOWN = OpenState(is_open=False, known=False)


@dataclass(frozen=True)
class SupportHours:
    """A week of intervals as kept in JSON, a 24×7 flag, closed dates, and the desk's IANA zone.

    `week` is {"0": [["08:00", "18:30"]], …}, 0 = Monday; an end at or before its start is on the next day.
    """

    week: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    always_open: bool = False
    closed_dates: Collection[date] = ()
    zone: str = "UTC"
    _spans: tuple[Spans, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spans = tuple([(0, DAY)] for _ in range(7)) if self.always_open else spans_by_weekday(self.week)
        object.__setattr__(self, "_spans", spans)
        object.__setattr__(self, "closed_dates", frozenset(self.closed_dates))

    @property
    def is_around_the_clock(self) -> bool:
        """24 hours, every day (but for closed dates)."""
        return all(spans == [(0, DAY)] for spans in self._spans)

    @property
    def is_known(self) -> bool:
        """Somebody gave hours, and a zone to read them in where that matters."""
        return any(self._spans) and (is_zone(self.zone) or self._never_closes)

    @property
    def _never_closes(self) -> bool:
        return self.is_around_the_clock and not self.closed_dates

    def state(self, at: datetime) -> OpenState:
        """Open or not at this aware instant, and until when or from when."""
        if at.utcoffset() is None:
            raise ValueError("an instant needs its zone")
        if not self.is_known:
            return UNKNOWN
        if self._never_closes:
            return OpenState(is_open=True, always=True)
        zone = ZoneInfo(self.zone)
        is_open = self._is_open(at.astimezone(zone))
        moments = self._moments(at.astimezone(UTC), zone)
        change = next(
            (moment for moment in moments if self._is_open(moment.astimezone(zone)) != is_open), None
        )
        if is_open:
            return OpenState(is_open=True, until=change, always=self.is_around_the_clock)
        return OpenState(is_open=False, opens=change, always=self.is_around_the_clock)

    def _is_open(self, wall: datetime) -> bool:
        if wall.date() in self.closed_dates:
            return False
        minute = wall.hour * 60 + wall.minute
        return any(start <= minute < end for start, end in self._spans[wall.weekday()])

    def _moments(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Every instant within the horizon at which the state may change, in order; others do no harm.

        The state can change only when the wall clock reaches the edge of an interval (in either reading of a
        repeated hour), which midnight is too where it matters, or when the clock is put forward or back.
        """
        first = after.astimezone(zone).date() - timedelta(days=1)
        pending: set[datetime] = set()
        for day in (first + timedelta(days=n) for n in range(HORIZON.days + 3)):
            edges = {edge for span in self._spans[day.weekday()] for edge in span}
            pending.update(moment for edge in edges for moment in _instants(day, edge, zone))
            pending.update(_clock_changes(day, zone))
            # A clock put back over midnight shows the evening twice: this day is settled up to its noon only.
            noon = min(_instants(day, DAY // 2, zone))
            settled = sorted(moment for moment in pending if moment <= noon)
            yield from (moment for moment in settled if after < moment <= after + HORIZON)
            pending.difference_update(settled)


def spans_by_weekday(week: object) -> tuple[Spans, ...]:
    """Minutes of the day in which each weekday is open, the morning after a night shift included.

    Sorted, touching ones joined. What is not an interval is no time at all: a page never fails over old data.
    """
    minutes: list[Spans] = [[] for _ in range(7)]
    for weekday in range(7):
        for start, end in intervals_of(week, weekday):
            if start < end:
                minutes[weekday].append((start, end))
            else:
                minutes[weekday].append((start, DAY))
                minutes[(weekday + 1) % 7].append((0, end))
    return tuple(joined(spans) for spans in minutes)


def joined(spans: Spans) -> Spans:
    """The same minutes in the fewest spans, in order."""
    result: Spans = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def minute_of(text: object) -> int | None:
    """The minute of the day of "08:00"; None for anything else."""
    if not (isinstance(text, str) and len(text) == 5 and text[2] == ":" and text.isascii()):
        return None
    hours, minutes = text[:2], text[3:]
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        return None
    return int(hours) * 60 + int(minutes)


def intervals_of(week: object, weekday: int) -> list[tuple[int, int]]:
    """The intervals kept for a weekday in minutes, in order; an end not after its start is tomorrow."""
    kept = week.get(str(weekday)) if isinstance(week, Mapping) else None
    found = []
    for interval in kept if isinstance(kept, list | tuple) else ():
        if isinstance(interval, list | tuple) and len(interval) == 2:
            start, end = minute_of(interval[0]), minute_of(interval[1])
            if start is not None and end is not None:
                found.append((start, end))
    return sorted(found)


def _instants(day: date, minute: int, zone: ZoneInfo) -> list[datetime]:
    """When that day's wall clock shows that minute: twice in a repeated hour; near the gap, if skipped."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def _clock_changes(day: date, zone: ZoneInfo) -> list[datetime]:
    """The instant this UTC day at which the zone's clock is put forward or back, if any."""
    low = datetime(day.year, day.month, day.day, tzinfo=UTC)
    high = low + timedelta(days=1)
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return []
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return [high]
