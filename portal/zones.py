"""Time zones: whose one counts, and what it is called where it is shown."""

from datetime import datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone_location
from django.utils.translation import get_language, to_locale

from portal.names import fold

COOKIE = "zone"
UTC = ZoneInfo("UTC")
_NOT_PLACES = frozenset({"Factory", "localtime", "posixrules"})


@cache
def names() -> frozenset[str]:
    """Every IANA zone this machine knows."""
    return frozenset(available_timezones() - _NOT_PLACES)


def is_zone(name: object) -> bool:
    """An IANA zone name, exactly as written there."""
    return isinstance(name, str) and name in names()


def zone_for(preference: str | None, cookie: str | None, organisation_zone: str | None) -> ZoneInfo:
    """The reader's zone: their preference, else their browser's, else their organisation's, else UTC."""
    for name in (preference, unquote(cookie or ""), organisation_zone):
        if is_zone(name):
            return ZoneInfo(name)  # type: ignore[arg-type]
    return UTC


def locale_for(language: str | None = None) -> Locale:
    """Babel's locale for a language of the portal, by default the active one."""
    return _locale(language or get_language() or "en")


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def city(zone: tzinfo | str, language: str | None = None) -> str:
    """The zone's city in the reader's language: Paris, New York, Le Caire."""
    return _city(str(zone), locale_for(language))


@lru_cache(maxsize=2048)
def _city(name: str, locale: Locale) -> str:
    if not is_zone(name):
        return name
    if "/" not in name or name.startswith("Etc/"):
        return abbreviation(name, datetime(2026, 1, 1, tzinfo=UTC))
    return get_timezone_location(ZoneInfo(name), locale=locale, return_city=True).rpartition("/")[2]


def abbreviation(zone: tzinfo | str, at: datetime) -> str:
    """The zone's letters at an instant (CET, EDT), or its distance from UTC where it has none (UTC+5:45)."""
    local = at.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)
    letters = local.tzname() or ""
    if letters.isalpha():
        return letters
    offset = local.utcoffset() or timedelta()
    minutes = round(abs(offset).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(minutes, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{hours}:{rest:02}" if rest else f"UTC{sign}{hours}"


def choices(language: str | None = None) -> list[tuple[str, str]]:
    """Zones to choose from, one per place in use: (name, "Paris (Europe/Paris)"), by city."""
    return list(_choices(language or get_language() or "en"))


@lru_cache(maxsize=16)
def _choices(language: str) -> list[tuple[str, str]]:
    labelled = [(name, f"{city(name, language)} ({name})") for name, _country in _places()]
    return [("UTC", "UTC"), *sorted(labelled, key=lambda choice: fold(choice[1]))]


def zone_of_country(country: str) -> str:
    """A country's first zone (its capital's or largest city's), to propose before anybody chose; else UTC."""
    return next((name for name, code in _places() if code == country.upper()), "UTC")


@cache
def _places() -> list[tuple[str, str]]:
    """(zone, country) of the IANA table of places, without the old names that only link to others."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return [(row[2], row[0]) for row in rows if is_zone(row[2])]
