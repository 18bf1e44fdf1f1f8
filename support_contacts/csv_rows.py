"""One line of a CSV that opens in a spreadsheet and runs nothing there."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime

#: A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: So does a cell that a spreadsheet makes by itself, where its country writes lists with semicolons.
_INNER = re.compile(r"([;\t\r\n][ \u00a0]*)(?=[=+\-@＝＋－＠])")


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
