"""The table of delegated admin: a CSV with the columns customer, partner, from, until."""

import csv
import io
from collections.abc import Iterator

from support_contacts.importing.reading import Item, Unreadable
from support_contacts.importing.report import Report, Where, shown

COLUMNS = ("customer", "partner", "from", "until")
_SEPARATORS = ",;\t"


def is_table(text: str) -> bool:
    """Does the first line name our columns, in any case and order?"""
    return {"customer", "partner"} <= set(_header(text)[0])


def rows(text: str, where: Where, report: Report) -> Iterator[Item]:
    """Every row that has something in it, its values by column."""
    header, separator = _header(text)
    for column in dict.fromkeys(header):
        if column and column not in COLUMNS:
            report.note(where, f'column "{shown(column)}" is not read')
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    has_header = False
    try:
        for cells in reader:
            if not has_header:
                has_header = any(cells)
                continue
            values: dict[str, object] = {
                name: cell.replace("\x00", "").strip() or None
                for name, cell in zip(header, cells, strict=False)
                if name in COLUMNS
            }
            if any(values.values()):
                yield Item(Where(where.file, f"line {reader.line_num}"), values, is_row=True)
    except csv.Error as error:
        raise Unreadable(
            f"broken CSV at line {reader.line_num}: {shown(error)}; the rows before it count"
        ) from error


def _header(text: str) -> tuple[list[str], str]:
    first = text.lstrip("\r\n").partition("\n")[0].strip("\r")
    separator = max(_SEPARATORS, key=first.count)
    return [cell.strip().strip('"').strip().lower() for cell in first.split(separator)], separator
