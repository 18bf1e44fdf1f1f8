"""Support hours as people write and read them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby

from babel.dates import format_date, get_day_names
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from portal.hours import DAY, OpenState, SupportHours, intervals_of, joined, minute_of
from portal.zones import locale_for

MAX_INTERVALS = 6
_TIME = r"([0-9]{1,2})(?:\s*[:.hH]\s*([0-9]{2})?)?"
_INTERVAL = re.compile(rf"{_TIME}\s*(?:-|–|—|to|à)\s*{_TIME}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OpenLabel:
    """The open state in words, `short` for dense lists; `key` is the status that has its icon and tone."""

    key: str
    text: str
    short: str


@dataclass(frozen=True, slots=True)
class HoursLine:
    """Days with the same hours: "Mon–Fri", "08:00–18:30"."""

    days: str
    hours: str

    def __str__(self) -> str:
        return f"{self.days} {self.hours}"


@dataclass(frozen=True, slots=True)
class HoursSummary:
    """A desk's week in its own zone, and the dates on which it stays closed."""

    lines: tuple[HoursLine, ...]
    closed: tuple[str, ...]
    is_around_the_clock: bool

    def __str__(self) -> str:
        if self.is_around_the_clock:
            return gettext("24 hours, every day")
        return "; ".join(str(line) for line in self.lines)


def open_label(state: OpenState, zone: tzinfo, at: datetime) -> OpenLabel:
    """What the reader in `zone` is told at the instant `at` about a desk in this state."""
    if not state.known:
        text = gettext("Hours not given")
        return OpenLabel("partner.no_hours", text, text)
    if state.is_open:
        return OpenLabel("partner.open", _open_text(state, zone, at), gettext("Open now"))
    if state.opens is None:
        return OpenLabel("partner.closed", gettext("Closed"), gettext("Closed"))
    text, short = _opens_texts(state.opens.astimezone(zone), at.astimezone(zone).date())
    return OpenLabel("partner.closed", text, short)


def summary(hours: SupportHours, today: date | None = None) -> HoursSummary:
    """Equal days in a row told once ("Mon–Fri 08:00–18:30"), then the closed dates from `today` on."""
    lines = () if hours.always_open else tuple(_lines(hours.week))
    closed = sorted(day for day in hours.closed_dates if today is None or day >= today)
    return HoursSummary(lines, tuple(_date_ranges(closed)), hours.is_around_the_clock)


def clean_day(intervals: object) -> list[list[str]]:
    """One day's intervals as they are kept. An end at or before its start is on the next day."""
    if not isinstance(intervals, list | tuple):
        raise ValidationError(_("Give a list of times."), code="intervals")
    if len(intervals) > MAX_INTERVALS:
        raise ValidationError(_("There are too many spans of time."), code="too_many")
    kept: list[tuple[int, int]] = []
    for start, end in sorted(_clean_interval(interval) for interval in intervals):
        if kept and (kept[-1][1] <= kept[-1][0] or start < kept[-1][1]):
            raise ValidationError(_("These times overlap."), code="overlap")
        if kept and start == kept[-1][1] and start - kept[-1][0] + ((end - start) % DAY or DAY) <= DAY:
            start = kept.pop()[0]
        kept.append((start, end))
    return [[_clock_of(start), _clock_of(end)] for start, end in kept]


def read_intervals(text: str) -> list[list[str]]:
    """One day's intervals as typed: "08:00–12:00, 13:30–18:30", also "8-12" and "8h30 à 12h"."""
    intervals = []
    for part in (part.strip() for part in re.split(r"[,;]", text)):
        if not part:
            continue
        match = _INTERVAL.fullmatch(part)
        if match is None:
            message = _("“%(text)s” is not a span of time like 08:00–18:30.")
            raise ValidationError(message, code="interval", params={"text": _quotable(part)})
        intervals.append([_typed(match[1], match[2]), _typed(match[3], match[4])])
    return clean_day(intervals)


def write_intervals(intervals: Sequence[Sequence[str]]) -> str:
    """One day's intervals as shown, and as `read_intervals` reads them: "08:00–12:00, 13:30–18:30"."""
    return ", ".join(f"{start}–{end}" for start, end in intervals)


def _open_text(state: OpenState, zone: tzinfo, at: datetime) -> str:
    # A day away or more, a bare time would seem to be today's.
    if state.until is None or state.until - at >= timedelta(hours=24):
        return gettext("Open now · 24 hours")
    return gettext("Open now · until %(time)s") % {"time": _clock(state.until.astimezone(zone))}


def _opens_texts(opens: datetime, today: date) -> tuple[str, str]:
    days = (opens.date() - today).days
    values = {"time": _clock(opens)}
    if days == 0:
        return gettext("Closed · opens %(time)s") % values, gettext("Opens at %(time)s") % values
    if days <= 6:
        values["day"] = _day_in_sentence(opens.date())
        return gettext("Closed · opens %(day)s %(time)s") % values, gettext("Opens %(day)s %(time)s") % values
    values["date"] = format_date(opens.date(), "d MMM", locale=locale_for())
    return gettext("Closed · opens %(date)s, %(time)s") % values, gettext("Opens %(date)s, %(time)s") % values


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _day_in_sentence(day: date) -> str:
    # English says "opens Mon"; elsewhere the short form has a dot and stands in no sentence: "ouvre lundi".
    width = "EEE" if (get_language() or "en").startswith("en") else "EEEE"
    return format_date(day, width, locale=locale_for())


def _lines(week: object) -> Iterator[HoursLine]:
    days = [_day_hours(week, weekday) for weekday in range(7)]
    if len(set(days)) == 1 and days[0]:
        yield HoursLine(gettext("Every day"), days[0])
        return
    first = 0
    for shown, run in groupby(days):
        last = first + len(list(run)) - 1
        if shown:
            yield HoursLine(_day_range(first, last), shown)
        first = last + 1


def _day_hours(week: object, weekday: int) -> str:
    intervals = intervals_of(week, weekday)
    if joined([(start, end if start < end else DAY) for start, end in intervals]) == [(0, DAY)]:
        return gettext("24 hours")
    return write_intervals([(_clock_of(start), _clock_of(end)) for start, end in intervals])


def _day_range(first: int, last: int) -> str:
    names = get_day_names("abbreviated", "format", locale=locale_for())
    shown = [names[weekday].removesuffix(".") for weekday in sorted({first, last})]
    return _capitalised("–".join(shown))


def _date_ranges(days: Sequence[date]) -> list[str]:
    ranges: list[list[date]] = []
    for day in days:
        if ranges and day - ranges[-1][-1] == timedelta(days=1):
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return [_date_range(run[0], run[-1]) for run in ranges]


def _date_range(first: date, last: date) -> str:
    """24 Dec 2026, 24–26 Dec 2026, 30 Dec 2026 – 2 Jan 2027."""
    end = format_date(last, "d MMM y", locale=locale_for())
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    return f"{format_date(first, 'd MMM y', locale=locale_for())} – {end}"


def _clean_interval(interval: object) -> tuple[int, int]:
    if not isinstance(interval, list | tuple) or len(interval) != 2:
        raise ValidationError(_("A span of time has a start and an end."), code="interval")
    start, end = minute_of(interval[0]), minute_of("00:00" if interval[1] == "24:00" else interval[1])
    if start is None or end is None:
        wrong = _quotable(interval[0] if start is None else interval[1])
        raise ValidationError(_("“%(text)s” is not a time like 08:00."), code="time", params={"text": wrong})
    return start, end


def _typed(hours: str, minutes: str | None) -> str:
    return f"{int(hours):02}:{minutes or '00'}"


def _clock_of(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _quotable(wrong: object) -> str:
    return str(wrong)[:40].encode("utf-8", "replace").decode()


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
