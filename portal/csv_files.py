"""CSV files that open in a spreadsheet and run nothing there: one answer for every export."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers

#: Rows written at once; an export reads as many.
CHUNK = 500
Cells = Sequence[object]

#: A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: So does a cell that a spreadsheet makes by itself, where its country writes lists with semicolons.
_INNER = re.compile(r"([;\t\r\n][ \u00a0]*)(?=[=+\-@＝＋－＠])")


def csv_file(name: str, heads: Cells, rows: Iterable[Cells], *, at: datetime) -> HttpResponse:
    """An answer that is saved as `name` with its day: UTF-8 that says so, never kept by a cache, written while it is
    sent, and that in the language of now, also where rows are read long after the request is over.
    """
    response = StreamingHttpResponse(csv_lines(heads, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{at:%Y-%m-%d}.csv"'
    add_never_cache_headers(response)
    return response  # type: ignore[return-value]  # a response all the same, in pieces


def csv_lines(heads: Cells, rows: Iterable[Cells]) -> Iterator[bytes]:
    """The file in pieces; `rows` are asked for piece by piece."""
    return _pieces(csv_line(heads, first=True), iter(rows), translation.get_language())


def _pieces(head: bytes, rows: Iterator[Cells], language: str | None) -> Iterator[bytes]:
    piece = head
    while piece:
        yield piece
        # Not around a yield: between two pieces the thread is somebody else's.
        with translation.override(language):
            piece = b"".join(csv_line(cells) for cells in islice(rows, CHUNK))


def csv_line(cells: Sequence[object], *, first: bool = False) -> bytes:
    """Cells as one line: instants in UTC as ISO 8601, text that would be a formula behind an apostrophe.

    The first line begins with the mark by which spreadsheets know UTF-8.
    """
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([_text(cell) for cell in cells])
    return (("\ufeff" if first else "") + buffer.getvalue()).encode()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = _INNER.sub(r"\1'", str(cell))
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text
