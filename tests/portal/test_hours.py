from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.hours import HORIZON, OpenState, SupportHours, minute_of, spans_by_weekday

OFFICE = {str(weekday): [["08:00", "18:30"]] for weekday in range(5)}
NIGHTS = {str(weekday): [["22:00", "06:00"]] for weekday in range(7)}
WHOLE_DAYS = {str(weekday): [["00:00", "00:00"]] for weekday in range(7)}


def at(zone: str, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold)


def desk(
    week: dict | None = None, zone: str = "Europe/Paris", closed: tuple[date, ...] = (), **more
) -> SupportHours:
    return SupportHours(week=week or {}, zone=zone, closed_dates=closed, **more)


# -- an ordinary week


@pytest.mark.parametrize(
    ("when", "until", "opens"),
    [
        ((2026, 11, 20, 7, 59, 59), None, (2026, 11, 20, 8, 0)),
        ((2026, 11, 20, 8, 0), (2026, 11, 20, 18, 30), None),
        ((2026, 11, 20, 18, 29, 59), (2026, 11, 20, 18, 30), None),
        ((2026, 11, 20, 18, 30), None, (2026, 11, 23, 8, 0)),
        ((2026, 11, 22, 23, 14), None, (2026, 11, 23, 8, 0)),
    ],
)
def test_office_hours(when, until, opens):
    state = desk(OFFICE).state(at("Europe/Paris", *when))

    assert state == OpenState(
        is_open=until is not None,
        until=until and at("Europe/Paris", *until),
        opens=opens and at("Europe/Paris", *opens),
    )


def test_state_speaks_in_utc():
    state = desk(OFFICE).state(at("Europe/Paris", 2026, 11, 20, 9, 0))

    assert state.until == datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
    assert state.until.tzinfo is UTC


def test_a_lunch_break_closes():
    hours = desk({"4": [["08:00", "12:00"], ["13:30", "18:00"]]})

    assert hours.state(at("Europe/Paris", 2026, 11, 20, 11, 0)).until == at(
        "Europe/Paris", 2026, 11, 20, 12, 0
    )
    assert hours.state(at("Europe/Paris", 2026, 11, 20, 12, 0)).opens == at(
        "Europe/Paris", 2026, 11, 20, 13, 30
    )


def test_touching_intervals_do_not_close_between():
    hours = desk({"4": [["13:00", "18:00"], ["08:00", "13:00"]]})

    assert hours.state(at("Europe/Paris", 2026, 11, 20, 9, 0)).until == at(
        "Europe/Paris", 2026, 11, 20, 18, 0
    )


def test_reader_in_another_zone_than_the_desk():
    tokyo = desk({"0": [["09:00", "17:00"]]}, zone="Asia/Tokyo")

    assert tokyo.state(at("Europe/Paris", 2026, 11, 22, 23, 14)).opens == at(
        "Europe/Paris", 2026, 11, 23, 1, 0
    )
    assert tokyo.state(at("Europe/Paris", 2026, 11, 23, 3, 0)).until == at("Europe/Paris", 2026, 11, 23, 9, 0)


def test_half_hour_zone():
    kolkata = desk(OFFICE, zone="Asia/Kolkata")

    assert kolkata.state(datetime(2026, 11, 20, 2, 29, tzinfo=UTC)).opens == datetime(
        2026, 11, 20, 2, 30, tzinfo=UTC
    )
    assert kolkata.state(datetime(2026, 11, 20, 2, 30, tzinfo=UTC)).is_open


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        desk(OFFICE).state(datetime(2026, 11, 20, 9, 0))


# -- over midnight


def test_a_night_shift_goes_on_after_midnight():
    hours = desk(NIGHTS)

    assert hours.state(at("Europe/Paris", 2026, 11, 20, 23, 0)).until == at(
        "Europe/Paris", 2026, 11, 21, 6, 0
    )
    assert hours.state(at("Europe/Paris", 2026, 11, 21, 1, 0)).until == at("Europe/Paris", 2026, 11, 21, 6, 0)
    assert hours.state(at("Europe/Paris", 2026, 11, 21, 6, 0)).opens == at(
        "Europe/Paris", 2026, 11, 21, 22, 0
    )


def test_a_night_shift_of_sunday_ends_on_monday():
    hours = desk({"6": [["22:00", "06:00"]]})

    assert hours.state(at("Europe/Paris", 2026, 11, 23, 5, 59)).is_open
    assert not hours.state(at("Europe/Paris", 2026, 11, 24, 5, 59)).is_open


def test_a_shift_joins_the_next_day_at_midnight():
    hours = desk({"4": [["18:00", "00:00"]], "5": [["00:00", "09:00"]]})

    assert hours.state(at("Europe/Paris", 2026, 11, 20, 19, 0)).until == at(
        "Europe/Paris", 2026, 11, 21, 9, 0
    )


def test_equal_start_and_end_is_a_whole_day():
    hours = desk({"4": [["08:00", "08:00"]]})

    assert hours.state(at("Europe/Paris", 2026, 11, 20, 8, 0)).until == at("Europe/Paris", 2026, 11, 21, 8, 0)


# -- around the clock, closed dates, nothing given


@pytest.mark.parametrize("hours", [desk(always_open=True), desk(WHOLE_DAYS), desk(always_open=True, zone="")])
def test_around_the_clock(hours):
    assert hours.state(at("UTC", 2026, 11, 20, 3, 0)) == OpenState(is_open=True, always=True)


def test_always_open_wins_over_the_week():
    assert desk(OFFICE, always_open=True).state(at("Europe/Paris", 2026, 11, 22, 3, 0)).is_open


def test_a_closed_date_wins_over_always_open():
    hours = desk(always_open=True, closed=(date(2026, 12, 25),))

    assert hours.state(at("Europe/Paris", 2026, 12, 24, 12, 0)).until == at(
        "Europe/Paris", 2026, 12, 25, 0, 0
    )
    assert hours.state(at("Europe/Paris", 2026, 12, 25, 12, 0)).opens == at(
        "Europe/Paris", 2026, 12, 26, 0, 0
    )
    assert hours.state(at("Europe/Paris", 2026, 11, 20, 12, 0)) == OpenState(is_open=True, always=True)


def test_a_closed_date_cuts_night_shifts_at_midnight():
    hours = desk(NIGHTS, closed=(date(2026, 12, 25),))

    assert hours.state(at("Europe/Paris", 2026, 12, 24, 23, 0)).until == at(
        "Europe/Paris", 2026, 12, 25, 0, 0
    )
    assert hours.state(at("Europe/Paris", 2026, 12, 25, 23, 0)).opens == at(
        "Europe/Paris", 2026, 12, 26, 0, 0
    )


def test_a_closed_date_is_the_desks_not_the_readers():
    tokyo = desk(always_open=True, zone="Asia/Tokyo", closed=(date(2026, 12, 25),))

    assert not tokyo.state(at("Europe/Paris", 2026, 12, 24, 16, 0)).is_open
    assert tokyo.state(at("Europe/Paris", 2026, 12, 25, 16, 0)).is_open


def test_opening_is_searched_past_closed_dates():
    closed = tuple(date(2026, 12, 24) + timedelta(days=n) for n in range(9))

    state = desk(OFFICE, closed=closed).state(at("Europe/Paris", 2026, 12, 23, 19, 0))

    assert state.opens == at("Europe/Paris", 2027, 1, 4, 8, 0)


def test_opening_is_searched_for_14_days_only():
    closed = tuple(date(2026, 12, 1) + timedelta(days=n) for n in range(60))

    assert desk(OFFICE, closed=closed).state(at("Europe/Paris", 2026, 12, 2, 9, 0)) == OpenState(
        is_open=False
    )


@pytest.mark.parametrize(
    "hours",
    [
        desk(),
        desk({"0": []}),
        desk(OFFICE, zone=""),
        desk(OFFICE, zone="Europe/Nowhere"),
        desk(OFFICE, zone="../../etc/passwd"),
        desk(always_open=True, zone="", closed=(date(2026, 12, 25),)),
        desk({"0": [["8", "18"], ["08:00"], None, 7], "1": "08:00", "9": [["08:00", "09:00"]], "2": None}),
        SupportHours(week=None),
        SupportHours(week=["08:00"]),
    ],
)
def test_hours_nobody_gave_are_not_known(hours):
    assert not hours.is_known
    assert hours.state(at("UTC", 2026, 11, 20, 9, 0)) == OpenState(is_open=False, known=False)


@pytest.mark.parametrize(("text", "minute"), [("00:00", 0), ("08:30", 510), ("23:59", 1439)])
def test_minute_of_a_time(text, minute):
    assert minute_of(text) == minute


@pytest.mark.parametrize(
    "text",
    ["24:00", "8:00", "08:60", "", "08-00", "０８:00", "٠٨:٠٠", "+8:00", " 8:00", "08:00\n", 800, None],
)
def test_minute_of_anything_else_is_none(text):
    assert minute_of(text) is None


# -- daylight saving: what the desk's wall clock shows decides

PARIS, NEW_YORK, TOKYO, LORD_HOWE = "Europe/Paris", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"
SPRING = {PARIS: (2026, 3, 29), NEW_YORK: (2026, 3, 8), LORD_HOWE: (2026, 10, 4)}
AUTUMN = {PARIS: (2026, 10, 25), NEW_YORK: (2026, 11, 1), LORD_HOWE: (2026, 4, 5)}


@pytest.mark.parametrize(
    ("zone", "day", "interval", "opening", "closing"),
    [
        # Put forward: 02:00 is 03:00 in Paris and New York, 02:30 on Lord Howe.
        (PARIS, SPRING[PARIS], ("01:00", "04:00"), "2026-03-29T00:00", "2026-03-29T02:00"),
        (PARIS, SPRING[PARIS], ("01:00", "02:30"), "2026-03-29T00:00", "2026-03-29T01:00"),
        (PARIS, SPRING[PARIS], ("02:30", "05:00"), "2026-03-29T01:00", "2026-03-29T03:00"),
        (PARIS, SPRING[PARIS], ("02:00", "03:00"), None, None),
        (PARIS, SPRING[PARIS], ("02:15", "02:45"), None, None),
        (NEW_YORK, SPRING[NEW_YORK], ("01:00", "04:00"), "2026-03-08T06:00", "2026-03-08T08:00"),
        (NEW_YORK, SPRING[NEW_YORK], ("02:30", "05:00"), "2026-03-08T07:00", "2026-03-08T09:00"),
        (NEW_YORK, SPRING[NEW_YORK], ("02:00", "03:00"), None, None),
        (LORD_HOWE, SPRING[LORD_HOWE], ("02:15", "03:00"), "2026-10-03T15:30", "2026-10-03T16:00"),
        (LORD_HOWE, SPRING[LORD_HOWE], ("02:00", "02:30"), None, None),
        # Put back: 02:00-03:00 happens twice in Paris, 01:00-02:00 in New York, 01:30-02:00 on Lord Howe.
        (PARIS, AUTUMN[PARIS], ("01:00", "04:00"), "2026-10-24T23:00", "2026-10-25T03:00"),
        (PARIS, AUTUMN[PARIS], ("02:00", "03:00"), "2026-10-25T00:00", "2026-10-25T02:00"),
        (PARIS, AUTUMN[PARIS], ("02:30", "03:30"), "2026-10-25T00:30", "2026-10-25T01:00"),
        (PARIS, AUTUMN[PARIS], ("01:00", "02:30"), "2026-10-24T23:00", "2026-10-25T00:30"),
        (NEW_YORK, AUTUMN[NEW_YORK], ("01:00", "02:00"), "2026-11-01T05:00", "2026-11-01T07:00"),
        (NEW_YORK, AUTUMN[NEW_YORK], ("01:30", "03:00"), "2026-11-01T05:30", "2026-11-01T06:00"),
        (LORD_HOWE, AUTUMN[LORD_HOWE], ("01:30", "02:00"), "2026-04-04T14:30", "2026-04-04T15:30"),
        # No daylight saving.
        (TOKYO, SPRING[PARIS], ("01:00", "04:00"), "2026-03-28T16:00", "2026-03-28T19:00"),
        (TOKYO, AUTUMN[PARIS], ("02:00", "03:00"), "2026-10-24T17:00", "2026-10-24T18:00"),
    ],
)
def test_the_nights_clocks_change(zone, day, interval, opening, closing):
    hours = desk({str(date(*day).weekday()): [list(interval)]}, zone=zone)

    opens = hours.state(at(zone, *day, 0, 0)).opens
    if opening is None:  # the hour is skipped: the next one is a week later
        assert opens == at(
            zone, *(date(*day) + timedelta(days=7)).timetuple()[:3], *map(int, interval[0].split(":"))
        )
        return

    assert opens == datetime.fromisoformat(opening).replace(tzinfo=UTC)
    assert hours.state(opens).until == datetime.fromisoformat(closing).replace(tzinfo=UTC)


def test_a_repeated_half_hour_is_open_twice():
    hours = desk({"6": [["02:15", "02:45"]]})

    first = hours.state(at(PARIS, 2026, 10, 25, 2, 20, fold=0))
    between = hours.state(at(PARIS, 2026, 10, 25, 2, 50, fold=0))
    second = hours.state(at(PARIS, 2026, 10, 25, 2, 20, fold=1))

    assert first.until == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert between.opens == datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert second.until == datetime(2026, 10, 25, 1, 45, tzinfo=UTC)


def test_a_day_whose_midnight_is_skipped_begins_when_the_clock_is_put_forward():
    santiago = desk({"6": [["00:00", "12:00"]]}, zone="America/Santiago")

    assert santiago.state(at("America/Santiago", 2026, 9, 5, 20, 0)).opens == datetime(
        2026, 9, 6, 4, 0, tzinfo=UTC
    )


def test_an_evening_shown_twice_is_one_opening():
    # At 24:00 of Saturday 4 April 2026 Santiago's clocks go back to 23:00 of the same Saturday.
    santiago = desk({"5": [["22:00", "00:00"]]}, zone="America/Santiago")

    state = santiago.state(datetime(2026, 4, 5, 1, 30, tzinfo=UTC))

    assert state.until == datetime(2026, 4, 5, 4, 0, tzinfo=UTC)


def test_a_date_that_never_was():
    # Samoa went from 29 to 31 December 2011.
    apia = desk(WHOLE_DAYS | {"4": []}, zone="Pacific/Apia")

    assert apia.state(datetime(2011, 12, 30, 9, 0, tzinfo=UTC)).until == at("Pacific/Apia", 2012, 1, 6, 0, 0)


# -- against a walk, step by step

ZONES = (PARIS, NEW_YORK, TOKYO, LORD_HOWE, "Asia/Kolkata", "America/Santiago", "America/Havana", "UTC")
ZONES += ("America/St_Johns", "Asia/Beirut", "Africa/Casablanca", "Pacific/Chatham", "Pacific/Apia")
STEP = timedelta(minutes=5)
times = st.integers(0, 287).map(lambda step: f"{step // 12:02}:{step % 12 * 5:02}")
weeks = st.dictionaries(
    st.sampled_from("0123456"), st.lists(st.lists(times, min_size=2, max_size=2), max_size=3), max_size=7
)
#: Days around every change of clocks of 2026 in those zones, and ordinary ones.
nights = st.sampled_from(
    [
        date(2026, *day)
        for day in ((3, 8), (3, 28), (3, 29), (4, 4), (4, 5), (9, 5), (9, 6), (10, 3), (10, 4), (10, 25))
    ]
    + [date(2026, 11, 1), date(2026, 2, 15), date(2026, 6, 10), date(2011, 12, 29)]
)


@st.composite
def desks_and_instants(draw) -> tuple[SupportHours, datetime]:
    night = draw(nights)
    offsets = draw(st.lists(st.integers(-2, 16), max_size=6))
    closed = tuple(night + timedelta(days=days) for days in offsets)
    hours = SupportHours(
        draw(weeks), draw(st.sampled_from([False] * 7 + [True])), closed, draw(st.sampled_from(ZONES))
    )
    start = datetime(night.year, night.month, night.day, tzinfo=UTC) - timedelta(hours=36)
    return hours, start + timedelta(seconds=draw(st.integers(0, 72 * 3600)))


def walked(hours: SupportHours, moment: datetime) -> bool:
    """Is the desk open, asked in the simplest way: look at its wall clock and read its week."""
    wall = moment.astimezone(ZoneInfo(hours.zone))
    clock = f"{wall:%H:%M}"
    if wall.date() in hours.closed_dates:
        return False
    if hours.always_open:
        return True
    today = hours.week.get(str(wall.weekday()), [])
    yesterday = hours.week.get(str((wall.weekday() - 1) % 7), [])
    return any(start <= clock < end if start < end else start <= clock for start, end in today) or any(
        start >= end and clock < end for start, end in yesterday
    )


def steps(after: datetime, until: datetime) -> Iterator[datetime]:
    moment = after
    while moment < until:
        yield moment
        moment += STEP


@settings(max_examples=150, deadline=None)
@given(desks_and_instants())
@example(
    (SupportHours({"6": [["00:00", "12:00"]]}, zone="America/Havana"), datetime(2026, 11, 1, 3, tzinfo=UTC))
)
@example(
    (
        SupportHours({"4": [["00:00", "00:10"]], "5": [["00:05", "00:00"]]}, zone="Pacific/Apia"),
        datetime(2011, 12, 27, 12, tzinfo=UTC),
    )
)
def test_state_agrees_with_a_walk(desk_and_instant):
    hours, now = desk_and_instant
    state = hours.state(now)
    if not state.known:
        assert not any(hours.week.values())
        return

    assert state.is_open == walked(hours, now)
    change = state.until if state.is_open else state.opens
    assert (state.opens if state.is_open else state.until) is None
    if change is not None:
        assert now < change <= now + HORIZON
        assert walked(hours, change) != state.is_open
        assert walked(hours, change - timedelta(seconds=1)) == state.is_open
    assert all(walked(hours, moment) == state.is_open for moment in steps(now, change or now + HORIZON))


@settings(max_examples=50, deadline=None)
@given(desks_and_instants())
def test_never_open_on_a_closed_date(desk_and_instant):
    hours, now = desk_and_instant

    for moment in (now + n * timedelta(hours=5) for n in range(40)):
        if hours.state(moment).is_open:
            assert moment.astimezone(ZoneInfo(hours.zone)).date() not in hours.closed_dates


@given(weeks)
def test_spans_are_in_order_and_apart(week):
    for spans in spans_by_weekday(week):
        assert all(0 <= start < end <= 24 * 60 for start, end in spans)
        assert all(one[1] < two[0] for one, two in pairwise(spans))
