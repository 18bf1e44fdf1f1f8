"""Support hours as people write and read them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_interval, format_skeleton, get_day_names
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, gettext_lazy as _

from portal.hours import DAY, OpenState, SupportHours, minute_of, spans_by_weekday
from portal.zones import locale_for

Week = dict[str, list[list[str]]]

MAX_INTERVALS = 6
_TIME = re.compile(r"([0-9]{1,2})(?:\s*[:.hH]\s*([0-9]{2})?)?")
_INTERVAL = re.compile(rf"({_TIME.pattern})\s*(?:-|–|—|to|à)\s*({_TIME.pattern})")


@dataclass(frozen=True, slots=True)
class OpenLabel:
    """The open state in words: `text` for cards, `short` for dense lists, with the icon and tone of BRIEF §6."""

    text: str
    short: str
    icon: str
    tone: str


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


def open_label(state: OpenState, zone: ZoneInfo, at: datetime) -> OpenLabel:
    """What the reader in `zone` is told at the instant `at` about a desk in this state."""
    if not state.known:
        text = gettext("Hours not given")
        return OpenLabel(text, text, "question-mark-circle", "off")
    if state.is_open:
        return OpenLabel(_open_text(state, zone, at), gettext("Open now"), "clock", "ok")
    if state.opens is None:
        return OpenLabel(gettext("Closed"), gettext("Closed"), "moon", "off")
    return OpenLabel(*_opens_texts(state.opens.astimezone(zone), at.astimezone(zone).date()), "moon", "off")


def summary(hours: SupportHours, today: date | None = None) -> HoursSummary:
    """Equal days in a row told once ("Mon–Fri 08:00–18:30"), then the closed dates from `today` on."""
    lines = () if hours.always_open else tuple(_lines(hours.week))
    closed = sorted(day for day in hours.closed_dates if today is None or day >= today)
    return HoursSummary(lines, tuple(_date_ranges(closed)), hours.is_around_the_clock)


def clean_week(raw: object) -> Week:
    """A week as it is kept: known days only, "HH:MM" times, in order, nothing overlapping.

    Raises one ValidationError per day at fault, with `params["weekday"]` to place it.
    """
    if not isinstance(raw, Mapping):
        raise ValidationError(_("Hours are a list of times for each day."), code="week")
    week: Week = {}
    errors: list[ValidationError] = []
    for key, intervals in raw.items():
        try:
            weekday = _weekday(key)
            if cleaned := _clean_day(weekday, intervals):
                week[weekday] = cleaned
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors)
    return dict(sorted(week.items()))


def read_intervals(text: str) -> list[list[str]]:
    """The intervals of one day as typed: "08:00–12:00, 13:30–18:30", also "8-12" and "8h30 à 12h"."""
    intervals = []
    for part in re.split(r"[,;]", text):
        if not part.strip():
            continue
        match = _INTERVAL.fullmatch(part.strip().lower())
        if match is None:
            raise ValidationError(
                _("“%(text)s” is not a span of time like 08:00–18:30."),
                code="interval",
                params={"text": part.strip()},
            )
        intervals.append([_time(match[2], match[3]), _time(match[5], match[6])])
    return intervals


def write_intervals(intervals: Sequence[Sequence[str]]) -> str:
    """One day's intervals as shown, and as `read_intervals` reads them: "08:00–12:00, 13:30–18:30"."""
    return ", ".join(f"{start}–{end}" for start, end in intervals)


def _open_text(state: OpenState, zone: ZoneInfo, at: datetime) -> str:
    # Further away than a day, a bare time would name the wrong one.
    if state.until is None or state.until - at > timedelta(hours=24):
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
    values["date"] = format_skeleton("MMMd", opens.date(), locale=locale_for())
    return gettext("Closed · opens %(date)s, %(time)s") % values, gettext("Opens %(date)s, %(time)s") % values


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _day_in_sentence(day: date) -> str:
    # English says "opens Mon"; elsewhere the short form has a dot and does not stand in a sentence ("ouvre lundi").
    width = "EEE" if (get_language() or "en").startswith("en") else "EEEE"
    return format_date(day, width, locale=locale_for())


def _lines(week: Mapping[str, Sequence[Sequence[str]]]) -> list[HoursLine]:
    days = [_day_hours(week, weekday) for weekday in range(7)]
    if len(set(days)) == 1:
        return [HoursLine(gettext("Every day"), days[0])] if days[0] else []
    lines = []
    start = 0
    for weekday in range(1, 8):
        if weekday == 7 or days[weekday] != days[start]:
            if days[start]:
                lines.append(HoursLine(_day_range(start, weekday - 1), days[start]))
            start = weekday
    return lines


def _day_hours(week: Mapping[str, Sequence[Sequence[str]]], weekday: int) -> str:
    alone = spans_by_weekday({"0": week.get(str(weekday), ()) if isinstance(week, Mapping) else ()})
    if alone[0] == [(0, DAY)] and not alone[1]:
        return gettext("24 hours")
    intervals = week.get(str(weekday), ()) if any(alone) else ()
    kept = [
        pair for pair in intervals if len(pair) == 2 and None not in (minute_of(pair[0]), minute_of(pair[1]))
    ]
    return write_intervals(sorted(kept))


def _day_range(first: int, last: int) -> str:
    names = get_day_names("abbreviated", "format", locale=locale_for())
    shown = [names[weekday].removesuffix(".") for weekday in sorted({first, last})]
    text = "–".join(shown)
    return text[:1].upper() + text[1:]


def _date_ranges(days: Sequence[date]) -> list[str]:
    ranges: list[list[date]] = []
    for day in days:
        if ranges and day - ranges[-1][-1] == timedelta(days=1):
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return [format_interval(run[0], run[-1], "yMMMd", locale=locale_for()) for run in ranges]


def _weekday(key: object) -> str:
    if str(key) not in tuple("0123456"):
        raise ValidationError(
            _("A day is a number from 0 (Monday) to 6."), code="weekday", params={"weekday": str(key)}
        )
    return str(key)


def _clean_day(weekday: str, intervals: object) -> list[list[str]]:
    def wrong(message: object, code: str, **params: str) -> ValidationError:
        day = get_day_names("wide", "stand-alone", locale=locale_for())[int(weekday)]
        return ValidationError(message, code=code, params={"weekday": weekday, "day": day, **params})  # type: ignore[arg-type]

    if not isinstance(intervals, list | tuple):
        raise wrong(_("%(day)s: give a list of times."), "intervals")
    if len(intervals) > MAX_INTERVALS:
        raise wrong(_("%(day)s: too many spans of time."), "too_many")
    spans = []
    for interval in intervals:
        if not isinstance(interval, list | tuple) or len(interval) != 2:
            raise wrong(_("%(day)s: a span of time has a start and an end."), "interval")
        for text in interval:
            if minute_of(text) is None and text != "24:00":
                raise wrong(_("%(day)s: “%(text)s” is not a time like 08:00."), "time", text=str(text)[:20])
        start, end = minute_of(interval[0]), minute_of(interval[1])
        if start is None:
            raise wrong(
                _("%(day)s: “%(text)s” is not a time like 08:00."), "time", text=str(interval[0])[:20]
            )
        spans.append((start, end or 0))
    return _in_order(sorted(spans), wrong(_("%(day)s: these times overlap."), "overlap"))


def _in_order(spans: list[tuple[int, int]], overlap: ValidationError) -> list[list[str]]:
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if kept and (kept[-1][1] <= kept[-1][0] or start < kept[-1][1]):
            raise overlap
        if kept and start == kept[-1][1]:
            start = kept.pop()[0]
        kept.append((start, end))
    return [[_clock_of(start), _clock_of(end)] for start, end in kept]


def _time(hours: str, minutes: str | None) -> str:
    return f"{int(hours):02}:{minutes or '00'}"


def _clock_of(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
