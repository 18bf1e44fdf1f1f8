"""A member's value as ours: each function answers the value, or raises `Unusable` with the reason."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from portal.identifiers import canonical_guid
from portal.websites import url_of
from support_contacts.importing.report import shown

#: Microsoft's "never".
NEVER_YEAR = 9999
LARGEST_QUANTITY = 2**31 - 1

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[Tt]?(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?([Zz]|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_BARE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CUSTOMER_LINK = re.compile(r"/customers/(\{?[0-9a-f-]{32,36}\}?)(?=[/?#]|$)", re.IGNORECASE)
_SUBSCRIPTION_LINK = re.compile(r"/subscriptions/(\{?[0-9a-f-]{32,36}\}?)(?=[/?#]|$)", re.IGNORECASE)
_OFFER_LINK = re.compile(r"/offers/([^/?#]+)")
_DOMAIN = re.compile(r"[^\s/@.]+(?:\.[^\s/@.]+)+")
_DURATION = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,4})D)?", re.ASCII)


class Unusable(Exception):
    """Why a value is left out."""


class Unset(Exception):
    """The value stands for nothing at all, and that is usual: no line is needed."""


Reader = Callable[[object], object]


def text(most: int) -> Reader:
    """A text for people; one that is longer than the record holds is left out, not cut."""

    def read(value: object) -> str:
        found = _plain(value)
        if len(found) > most:
            raise Unusable(f"is longer than {most} characters")
        return found

    return read


def identifier(most: int) -> Reader:
    """An id: GUIDs in canonical lower case, anything else as it is given; never cut."""

    def read(value: object) -> str:
        found = _plain(value)
        guid = canonical_guid(found)
        if guid is not None:
            return str(guid)
        if len(found) > most:
            raise Unusable(f"is longer than {most} characters")
        return found

    return read


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unusable(f"is no text ({shown(type(value).__name__)})")


def guid(value: object) -> UUID:
    found = canonical_guid(value)
    if found is None:
        raise Unusable(f'is no GUID ("{shown(value)}")')
    return found


def digits(value: object) -> str:
    """A PartnerID: digits, kept as text."""
    found = _plain(value)
    if not (found.isascii() and found.isdigit() and len(found) <= 20):
        raise Unusable(f'is no PartnerID ("{shown(found)}")')
    return found


def word(value: object) -> str:
    """An enumerated value in lower case, without the underscores and spaces in which clients differ."""
    found = re.sub(r"[\s_-]", "", _plain(value)).lower()
    if not found or len(found) > 60:
        raise Unusable(f'is not a known value ("{shown(value)}")')
    return found


def one_of(allowed: dict[str, str]) -> Reader:
    def read(value: object) -> str:
        found = allowed.get(word(value))
        if found is None:
            raise Unusable(f'is not a known value ("{shown(value)}")')
        return found

    return read


def country(value: object) -> str:
    found = _plain(value).upper()
    if not (len(found) == 2 and found.isascii() and found.isalpha()):
        raise Unusable(f'is no country of two letters ("{shown(value)}")')
    return found


def domain(value: object) -> str:
    found = _plain(value).lower()
    if len(found) > 253 or not _DOMAIN.fullmatch(found):
        raise Unusable(f'is no domain ("{shown(value)}")')
    return found


def domains(value: object) -> list[str]:
    if not isinstance(value, list):
        raise Unusable("is no list")
    return list(dict.fromkeys(domain(entry) for entry in value))


def texts(most: int) -> Reader:
    def read(value: object) -> list[str]:
        if not isinstance(value, list):
            raise Unusable("is no list")
        return [str(text(most)(entry)) for entry in value]

    return read


def email(value: object) -> str:
    found = _plain(value)
    try:
        validate_email(found)
    except ValidationError as error:
        raise Unusable(f'is no e-mail address ("{shown(found)}")') from error
    if len(found) > 254:
        raise Unusable("is longer than 254 characters")
    return found


def website(value: object) -> str:
    found = _plain(value)
    if len(found) > 300 or not url_of(found):
        raise Unusable(f'is no web address ("{shown(found)}")')
    return found


def quantity(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_QUANTITY:
        raise Unusable(f'is no number of licences ("{shown(value)}")')
    return value


def boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Unusable(f'is neither true nor false ("{shown(value)}")')


def instant(value: object) -> datetime | None:
    """An instant in UTC, None for Microsoft's never. Spaces inside, seven-digit fractions and no zone are met."""
    found = _instant(value)
    if found.year == NEVER_YEAR:
        return None
    return found


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise Unusable(f'is no instant ("{shown(value)}")')
    match = _INSTANT.fullmatch("".join(value.split()))
    if match is None:
        raise Unusable(f'is no instant ("{shown(value)}")')
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if year == "0001":
        raise Unset  # .NET writes year 1 for a date that was never set
    try:
        naive = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
        )  # fmt: skip
        if naive.year == NEVER_YEAR or zone is None or zone in "Zz":
            return naive.replace(tzinfo=UTC)
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        return (naive - ahead if zone[0] == "+" else naive + ahead).replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Unusable(f'is no instant ("{shown(value)}")') from error


def inclusive_end(value: object) -> datetime | None:
    """An end: a bare date counts until its last moment, so it ends at 00:00 UTC of the next day."""
    found = instant(value)
    if found is not None and isinstance(value, str) and _BARE_DATE.fullmatch(value.strip()):
        return found + timedelta(days=1)
    return found


def duration(value: object) -> timedelta:
    """A term as ISO 8601 writes it: P730D, P2Y."""
    match = _DURATION.fullmatch(_plain(value).upper())
    if match is None or not any(match.groups()):
        raise Unusable(f'is no duration ("{shown(value)}")')
    years, months, days = (int(part or 0) for part in match.groups())
    return timedelta(days=365 * years + 30 * months + days)


def customer_in(uri: object) -> UUID | None:
    """The customer a link names."""
    match = _CUSTOMER_LINK.search(uri) if isinstance(uri, str) else None
    return canonical_guid(match[1]) if match else None


def subscription_in(uri: object) -> str | None:
    """The subscription a link names, canonical."""
    match = _SUBSCRIPTION_LINK.search(uri) if isinstance(uri, str) else None
    found = canonical_guid(match[1]) if match else None
    return str(found) if found else None


def offer_in(uri: object) -> str:
    """The offer a link names."""
    match = _OFFER_LINK.search(uri) if isinstance(uri, str) else None
    if match is None or match[1].startswith("{") or match[1].startswith("<"):
        raise Unset
    return str(identifier(120)(match[1]))
