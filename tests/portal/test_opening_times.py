from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.hours import OpenState, SupportHours, spans_by_weekday
from portal.opening_times import clean_day, open_label, read_intervals, summary, write_intervals

PARIS = ZoneInfo("Europe/Paris")
TOKYO = ZoneInfo("Asia/Tokyo")
SUNDAY_NIGHT = datetime(2026, 11, 22, 22, 14, tzinfo=UTC)  # 23:14 in Paris
OFFICE = {str(weekday): [["08:00", "18:30"]] for weekday in range(5)}


def paris(*when: int) -> datetime:
    return datetime(2026, *when, tzinfo=PARIS).astimezone(UTC)


# -- the state in words


@pytest.mark.parametrize(
    ("state", "key", "text", "short"),
    [
        (OpenState(False, known=False), "partner.no_hours", "Hours not given", "Hours not given"),
        (OpenState(True, always=True), "partner.open", "Open now · 24 hours", "Open now"),
        (OpenState(True, until=paris(11, 23, 6, 0)), "partner.open", "Open now · until 06:00", "Open now"),
        (OpenState(True, until=paris(11, 23, 0, 0)), "partner.open", "Open now · until 00:00", "Open now"),
        (OpenState(True, until=paris(11, 23, 23, 13)), "partner.open", "Open now · until 23:13", "Open now"),
        (OpenState(True, until=paris(11, 23, 23, 14)), "partner.open", "Open now · 24 hours", "Open now"),
        (OpenState(False), "partner.closed", "Closed", "Closed"),
        (
            OpenState(False, opens=paris(11, 22, 23, 30)),
            "partner.closed",
            "Closed · opens 23:30",
            "Opens at 23:30",
        ),
        (
            OpenState(False, opens=paris(11, 23, 8, 0)),
            "partner.closed",
            "Closed · opens Mon 08:00",
            "Opens Mon 08:00",
        ),
        (
            OpenState(False, opens=paris(11, 28, 8, 0)),
            "partner.closed",
            "Closed · opens Sat 08:00",
            "Opens Sat 08:00",
        ),
        (
            OpenState(False, opens=paris(11, 29, 8, 0)),
            "partner.closed",
            "Closed · opens 29 Nov, 08:00",
            "Opens 29 Nov, 08:00",
        ),
    ],
)
def test_open_label(state, key, text, short):
    label = open_label(state, PARIS, SUNDAY_NIGHT)

    assert (label.key, label.text, label.short) == (key, text, short)


def test_open_label_speaks_of_the_readers_day():
    tokyo_desk = SupportHours({"0": [["09:00", "17:00"]]}, zone="Asia/Tokyo")
    state = tokyo_desk.state(datetime(2026, 11, 22, 20, 0, tzinfo=UTC))

    assert (
        open_label(state, PARIS, datetime(2026, 11, 22, 20, 0, tzinfo=UTC)).text == "Closed · opens Mon 01:00"
    )
    assert open_label(state, TOKYO, datetime(2026, 11, 22, 20, 0, tzinfo=UTC)).text == "Closed · opens 09:00"


def test_open_label_names_the_day_in_full_in_french():
    with override("fr"):
        label = open_label(OpenState(False, opens=paris(11, 23, 8, 0)), PARIS, SUNDAY_NIGHT)

    assert "lundi" in label.text
    assert "08:00" in label.text


# -- the week in words


@pytest.mark.parametrize(
    ("week", "text"),
    [
        ({}, ""),
        (OFFICE, "Mon–Fri 08:00–18:30"),
        (OFFICE | {"5": [["09:00", "12:00"]]}, "Mon–Fri 08:00–18:30; Sat 09:00–12:00"),
        (OFFICE | {"4": [["08:00", "17:00"]]}, "Mon–Thu 08:00–18:30; Fri 08:00–17:00"),
        ({"0": [["08:00", "12:00"], ["13:00", "17:00"]]}, "Mon 08:00–12:00, 13:00–17:00"),
        ({"0": [["13:00", "17:00"], ["08:00", "12:00"]]}, "Mon 08:00–12:00, 13:00–17:00"),
        ({"0": [["08:00", "12:00"]], "2": [["08:00", "12:00"]]}, "Mon 08:00–12:00; Wed 08:00–12:00"),
        ({"5": [["00:00", "00:00"]], "6": [["00:00", "00:00"]]}, "Sat–Sun 24 hours"),
        ({"5": [["00:00", "12:00"], ["12:00", "00:00"]]}, "Sat 24 hours"),
        ({str(day): [["22:00", "06:00"]] for day in range(7)}, "Every day 22:00–06:00"),
        ({str(day): [["00:00", "00:00"]] for day in range(7)}, "24 hours, every day"),
        ({str(day): [["08:00", "08:00"]] for day in range(7)}, "24 hours, every day"),
        ({"0": [["8", "x"], None], "1": "no"}, ""),
    ],
)
def test_summary_tells_equal_days_once(week, text):
    assert str(summary(SupportHours(week))) == text


def test_summary_of_always_open():
    told = summary(SupportHours(OFFICE, always_open=True))

    assert str(told) == "24 hours, every day"
    assert told.lines == ()


def test_summary_in_french():
    with override("fr"):
        lines = summary(SupportHours(OFFICE | {"6": [["09:00", "12:00"]]})).lines

    assert [line.days for line in lines] == ["Lun–ven", "Dim"]


def test_summary_lists_closed_dates_from_today_on():
    closed = [date(2026, 11, 1), date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 30)]
    closed += [date(2026, 12, 31), date(2027, 1, 1), date(2027, 5, 1)]
    hours = SupportHours(OFFICE, closed_dates=closed)

    told = summary(hours, today=date(2026, 11, 22))

    assert told.closed == ("24–25 Dec 2026", "30 Dec 2026 – 1 Jan 2027", "1 May 2027")
    assert summary(hours).closed[0] == "1 Nov 2026"


def test_summary_writes_closed_dates_in_french():
    with override("fr"):
        told = summary(SupportHours(OFFICE, closed_dates=[date(2026, 12, 25)]))

    assert told.closed == ("25 déc. 2026",)


# -- what people send


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ([], []),
        ([("08:00", "12:00")], [["08:00", "12:00"]]),
        ([["13:00", "17:00"], ["08:00", "12:00"]], [["08:00", "12:00"], ["13:00", "17:00"]]),
        ([["08:00", "12:00"], ["12:00", "17:00"]], [["08:00", "17:00"]]),
        ([["08:00", "24:00"]], [["08:00", "00:00"]]),
        ([["00:00", "24:00"]], [["00:00", "00:00"]]),
        ([["22:00", "06:00"]], [["22:00", "06:00"]]),
        ([["05:00", "22:00"], ["22:00", "06:00"]], [["05:00", "22:00"], ["22:00", "06:00"]]),
        ([["08:00", "22:00"], ["22:00", "06:00"]], [["08:00", "06:00"]]),
    ],
)
def test_clean_day_keeps_it_in_order(raw, day):
    assert clean_day(raw) == day


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        ("08:00", "intervals", "Give a list of times."),
        (7, "intervals", "Give a list of times."),
        ([["08:00"]], "interval", "A span of time has a start and an end."),
        ([["8:00", "12:00"]], "time", "“8:00” is not a time like 08:00."),
        ([["24:00", "12:00"]], "time", "“24:00” is not a time like 08:00."),
        ([["08:00", "%(day)s"]], "time", "“%(day)s” is not a time like 08:00."),
        ([["08:00", "\ud800"]], "time", "“?” is not a time like 08:00."),
        ([["08:00", "12:00"], ["11:00", "14:00"]], "overlap", "These times overlap."),
        ([["22:00", "06:00"], ["23:00", "23:30"]], "overlap", "These times overlap."),
        ([["08:00", "09:00"]] * 2, "overlap", "These times overlap."),
        ([["08:00", "08:30"]] * 7, "too_many", "There are too many spans of time."),
    ],
)
def test_clean_day_says_what_is_wrong(raw, code, message):
    with pytest.raises(ValidationError) as refused:
        clean_day(raw)

    assert (refused.value.code, refused.value.messages) == (code, [message])


times = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@settings(deadline=None)
@given(st.lists(st.tuples(times, times), max_size=4))
@example([("00:00", "00:01"), ("00:01", "00:01")])
def test_clean_day_never_changes_when_a_desk_is_open(day):
    try:
        cleaned = clean_day(day)
    except ValidationError:
        return

    assert spans_by_weekday({"0": cleaned}) == spans_by_weekday({"0": day})
    assert clean_day(cleaned) == cleaned


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=6),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner),
    )
)
def test_clean_day_only_ever_refuses(raw):
    with suppress(ValidationError):
        assert isinstance(clean_day(raw), list)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", []),
        (" , ", []),
        ("08:00–18:30", [["08:00", "18:30"]]),
        ("8-12, 13:30-18:30", [["08:00", "12:00"], ["13:30", "18:30"]]),
        ("8h30 à 12h; 14h — 18h", [["08:30", "12:00"], ["14:00", "18:00"]]),
        ("8.30 TO 12.00", [["08:30", "12:00"]]),
        ("22:00-06:00", [["22:00", "06:00"]]),
        ("0-24", [["00:00", "00:00"]]),
    ],
)
def test_read_intervals_as_people_type_them(typed, read):
    assert read_intervals(typed) == read


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("all day", "“all day” is not a span of time like 08:00–18:30."),
        ("8", "“8” is not a span of time like 08:00–18:30."),
        ("8-12-14", "“8-12-14” is not a span of time like 08:00–18:30."),
        ("8-25", "“25:00” is not a time like 08:00."),
        ("8:75-12", "“08:75” is not a time like 08:00."),
        ("8-12, 11-13", "These times overlap."),
    ],
)
def test_read_intervals_refuses_what_is_no_time(typed, message):
    with pytest.raises(ValidationError) as refused:
        read_intervals(typed)

    assert refused.value.messages == [message]


@settings(deadline=None)
@given(st.lists(st.tuples(times, times), max_size=4))
def test_read_intervals_reads_what_write_intervals_wrote(intervals):
    try:
        kept = clean_day(intervals)
    except ValidationError:
        return

    assert read_intervals(write_intervals(kept)) == kept


def test_a_long_closure_is_told_by_its_date():
    closed = [date(2026, 12, 24) + timedelta(days=n) for n in range(9)]
    now = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
    state = SupportHours(OFFICE, closed_dates=closed, zone="Europe/Paris").state(now)

    assert open_label(state, PARIS, now).text == "Closed · opens 4 Jan, 08:00"
