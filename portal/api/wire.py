"""Bodies in, answers out: what Microsoft's clients send and what the oldest of them can read.

In: a byte-order mark, any content type, names in any case (partner-center-api.md §1.5, §8.5, §8.19). Out: strict
camelCase, nothing that is null, no byte-order mark, instants with Z, relative links without /v1 (§1.6, §8.6, §9.1).
"""

import json
import math
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.api.faults import NOT_SUPPORTED, Fault, bad_input
from portal.keyset import Cursor

JSON = "application/json; charset=utf-8"
NEVER_ENDS = "9999-12-10T00:00:00Z"
CONTINUATION = "MS-ContinuationToken"
LARGEST_PAGE = 500
DEEPEST = 32
LARGEST_NUMBER = 2**63
_BOM = b"\xef\xbb\xbf"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Items(list[Any]):
    """The items of a collection: their writers left out what is not there, so nobody walks them again."""


# -- out


def answer(body: Mapping[str, Any], *, status: int = HTTPStatus.OK) -> HttpResponse:
    """This body as JSON. Members that are None are left out, except in `Items`, which have none."""
    return HttpResponse(encoded(body), status=status, content_type=JSON)


def encoded(body: Mapping[str, Any]) -> bytes:
    return _encode(_present(body)).encode()


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _present(member) for name, member in value.items() if member is not None}
    if isinstance(value, list) and not isinstance(value, Items):
        return [_present(item) for item in value]
    return value


def instant(moment: datetime | None, *, never_ends: bool = False) -> str | None:
    """`2026-11-22T09:00:00.123456Z`: as exact as it is stored, so that `?at=` of what we said asks the same instant.

    What never ends is Microsoft's year 9999 where the caller says that None means so.
    """
    if moment is None:
        return NEVER_ENDS if never_ends else None
    digits = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")


def link(uri: str, *, headers: Iterable[Mapping[str, str]] = ()) -> dict[str, Any]:
    """A relative link, without /v1 and without a host: clients put both in front themselves (§8.8)."""
    return {"uri": uri, "method": "GET", "headers": list(headers)}


def collection(
    items: list[Any], *, self_uri: str, next_uri: str | None = None, token: str | None = None
) -> dict[str, Any]:
    """Microsoft's collection. `totalCount` counts what is in it; a `next` is there only when more is (§8.10)."""
    links = {"self": link(self_uri)}
    if next_uri is not None:
        headers = [{"key": CONTINUATION, "value": token}] if token else []
        links["next"] = link(next_uri, headers=headers)
    body: dict[str, Any] = {
        "totalCount": len(items),
        "items": Items(items),
        "links": links,
        "attributes": {"objectType": "Collection"},
    }
    if token:
        body["continuationToken"] = token
    return body


# -- in


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the body, its names folded; nothing sent is an empty one. Raises Fault 400."""
    raw = request.body.removeprefix(_BOM).strip()
    if not raw:
        return {}
    try:
        body = json.loads(
            raw.decode(), object_pairs_hook=_folded, parse_constant=_no_number, parse_float=_float
        )
    except (ValueError, RecursionError):
        raise bad_input(_("The body is not JSON."), "not_json") from None
    if not isinstance(body, dict):
        raise bad_input(_("The body is not a JSON object."), "not_an_object")
    _check(body)
    return body


def member(body: Mapping[str, Any], name: str) -> Any:
    """A member of a body, whatever the case it was sent in; None where it is not there."""
    return body.get(name.casefold())


def _folded(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name.casefold(): value for name, value in pairs}


def _no_number(name: str) -> float:
    raise ValueError(name)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number


def _check(body: Any) -> None:
    """Refuse what no database column takes: NUL, half a character, numbers beyond 64 bits; and the very deep."""
    level, depth = [body], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise bad_input(_("The body is nested too deeply."), "too_deep")
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                for name in value:
                    _check_text(name)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str):
                _check_text(value)
            elif isinstance(value, int | float) and not -LARGEST_NUMBER <= value < LARGEST_NUMBER:
                raise bad_input(_("A number in the body is too large."), "number_too_large")
        level = below


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise bad_input(_("The body has a character that cannot be stored."), "bad_character")


# -- the query


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, normalised: lower case, no underscores in field and operator; the value as it was sent."""

    field: str
    value: str
    operator: str


def filter_of(request: HttpRequest) -> Filter | None:
    """The `filter` of the address, in every notation clients have for it (§1.7, §8.26)."""
    text = request.GET.get("filter", "").strip()
    for _again in range(2):
        if text[:1] == "%":  # encoded twice
            text = urllib.parse.unquote(text).strip()
    if not text:
        return None
    try:
        said = json.loads(text, object_pairs_hook=_folded, parse_constant=_no_number, parse_float=_float)
        field, value, operator = said["field"], said["value"], said["operator"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise bad_input(_("The filter cannot be read."), "filter_unreadable") from None
    if type(value) is int:
        value = str(value)
    if not all(isinstance(part, str) for part in (field, value, operator)):
        raise bad_input(_("The filter cannot be read."), "filter_unreadable")
    _check_text(value)
    return Filter(_plain(field), value, _plain(operator))


def _plain(name: str) -> str:
    return name.strip().replace("_", "").casefold()


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list: how many rows, after or before which one. `size` is what was asked, if anything was."""

    size: int
    after: Cursor | None = None
    before: Cursor | None = None
    asked: int | None = None
    is_last: bool = False


def paging_of(request: HttpRequest) -> Paging:
    """No size and size 0 are the largest page, 500: one client reads the first answer only (§8.10, §9.2)."""
    asked = _size(request.GET.get("size", ""))
    seek = _plain(request.GET.get("seekOperation", "") or request.headers.get("seekOperation", "")) or "next"
    text = (request.headers.get(CONTINUATION) or request.GET.get("continuationToken", "")).strip()
    size = asked or LARGEST_PAGE
    if seek == "first" or (seek == "next" and not text):
        return Paging(size, asked=asked)
    if seek == "last":
        return Paging(size, asked=asked, is_last=True)
    if seek not in ("next", "previous"):
        raise Fault(
            HTTPStatus.BAD_REQUEST,
            NOT_SUPPORTED,
            _("Pages are turned by Next, Previous, First and Last."),
            "seek",
        )
    # A token names one row, or the first and the last one of a page: it turns both ways.
    first, _dot, last = text.partition(".")
    cursor = Cursor.read(first if seek == "previous" else last or first)
    if cursor is None:
        raise bad_input(
            _("The continuation token is not one of ours. Start from the first page."), "continuation_token"
        )
    if seek == "previous":
        return Paging(size, before=cursor, asked=asked)
    return Paging(size, after=cursor, asked=asked)


def _size(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not 0 <= size <= LARGEST_PAGE:
        raise bad_input(_("A page has 1 to 500 items."), "size")
    return size or None
