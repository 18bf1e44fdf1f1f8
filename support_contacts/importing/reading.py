"""A file's bytes as cleaned bodies: member names in lower case, placeholders and what cannot be stored left out."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.identifiers import canonical_guid
from support_contacts.importing.report import Report, Where, shown

DEEPEST = 40
LARGEST = 256 * 1024 * 1024
LONGEST_NUMBER = 25
LONGEST_TEXT = 10_000

_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}")
# Possessive, so that a file of quotes alone is read once and not once a quote.
_TRAILING_COMMA = re.compile(r'"(?:[^"\\]++|\\.)*+"?|(,)(?=\s*[}\]])', re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a file with the collection it stood in, or one row of a table."""

    where: Where
    body: dict[str, object]
    around: Mapping[str, object] = field(default_factory=dict)
    is_row: bool = False


class _Members(list[tuple[str, object]]):
    """An object as it was written: names in their own case, doubled names still there."""


class _NoNumber:
    """A number that nothing here can hold."""


_NO_NUMBER = _NoNumber()


class Unreadable(Exception):
    """Why a file cannot be read as text or JSON."""


def text_of(data: bytes, where: Where, report: Report) -> str:
    """The file's text. A byte-order mark is left out and mentioned."""
    if len(data) > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 1024 // 1024} MB")
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            report.note(where, "starts with a byte-order mark, which was left out")
            return _decoded(data[len(mark) :], encoding)
    return _decoded(data, "utf-8")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not {encoding.upper()} text (byte {error.start})") from error


def parse(text: str, where: Where, report: Report) -> object:
    """A JSON text as cleaned values, with a line for everything that was left out."""
    try:
        raw = _loads(text)
    except json.JSONDecodeError as error:
        mended = _TRAILING_COMMA.sub(lambda match: "" if match[1] else match[0], text)
        if mended == text:
            raise _broken(error) from error
        try:
            raw = _loads(mended)
        except json.JSONDecodeError:
            raise _broken(error) from error
        report.note(where, "has a comma before a closing bracket, which was left out")
    return _Cleaner(report).clean(raw, where, name="", depth=0)


def _broken(error: json.JSONDecodeError) -> Unreadable:
    return Unreadable(f"broken JSON at line {error.lineno}, column {error.colno}: {shown(error.msg)}")


def _loads(text: str) -> object:
    try:
        return json.loads(
            text,
            object_pairs_hook=_Members,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=lambda name: _NO_NUMBER,
        )
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= LONGEST_NUMBER else _NO_NUMBER


def _float(digits: str) -> object:
    number = float(digits)
    return number if math.isfinite(number) else _NO_NUMBER


class _Missing:
    """Nothing usable stands here."""


_MISSING = _Missing()


class _Cleaner:
    def __init__(self, report: Report) -> None:
        self.report = report

    def clean(self, value: object, where: Where, *, name: str, depth: int) -> object:
        found = self._clean(value, where, name, depth)
        return None if found is _MISSING else found

    def _clean(self, value: object, where: Where, name: str, depth: int) -> object:
        if depth > DEEPEST:
            self.report.note(where, "is nested too deeply and was left out")
            return _MISSING
        if isinstance(value, _Members):
            return self._object(value, where, depth)
        if isinstance(value, list):
            cleaned = (
                self._clean(entry, Where(where.file, f"{where.path}[{index}]"), "", depth + 1)
                for index, entry in enumerate(value)
            )
            return [entry for entry in cleaned if entry is not _MISSING]
        if isinstance(value, str):
            return self._text(value, where, name)
        if value is None:
            return _MISSING
        if value is _NO_NUMBER:
            self.report.note(where, "is a number that cannot be stored; taken as missing")
            return _MISSING
        return value

    def _object(self, members: _Members, where: Where, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, raw in members:
            here = where.at(shown(name))
            value = self._clean(raw, here, name, depth + 1)
            key = name.strip().lower()
            if value is _MISSING:
                continue
            if key in found and found[key] != value:
                self.report.note(here, "stands there twice; the last one counts")
            found[key] = value
        return found

    def _text(self, value: str, where: Where, name: str) -> object:
        text = _CONTROL.sub(" ", _UNSTORABLE.sub("", value)).strip()
        if _UNSTORABLE.search(value):
            self.report.note(where, "has characters that cannot be stored, which were left out")
        if len(text) > LONGEST_TEXT:
            self.report.note(where, "is too long and was left out")
            return _MISSING
        is_placeholder = _PLACEHOLDER.fullmatch(text) is not None and canonical_guid(text) is None
        if is_placeholder or (name and text.casefold() == name.strip().casefold()):
            self.report.note(where, f'placeholder "{shown(text)}", taken as missing')
            return _MISSING
        # An empty text says no more than an absent one: Microsoft writes "" where it has nothing.
        return text or _MISSING
