"""Rows on their way into a table by COPY, the fastest way PostgreSQL has."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import NOT_PROVIDED, AutoField, Model

#: Lines kept before they are sent; a few megabytes.
SENT_AT_ONCE = 20_000
NULL = "\\N"
YES, NO = "t", "f"


class Table:
    """The rows of one model. `columns` differ from row to row; every other column has the model's own default.

    Values are texts as PostgreSQL reads them (`NULL` for none): there are tens of millions of them.
    """

    def __init__(self, model: type[Model], *columns: str) -> None:
        self.name, self.rows = model._meta.db_table, 0
        same: dict[str, str] = {}
        for field in model._meta.concrete_fields:
            if field.attname in columns or isinstance(field, AutoField):
                continue
            if field.db_default is not NOT_PROVIDED:
                continue
            if field.has_default() and callable(field.default) and field.default not in (list, dict):
                raise TypeError(f"{self.name}.{field.attname} differs from row to row: say what it is.")
            same[str(field.column)] = as_text(field.get_default())
        fields = {field.attname: field.column for field in model._meta.concrete_fields}
        given = [fields[name] for name in columns]
        names = ", ".join(f'"{name}"' for name in [*given, *same])
        self._statement = f'COPY "{self.name}" ({names}) FROM STDIN'
        self._rest = "".join(f"\t{value}" for value in same.values()) + "\n"
        self._lines: list[str] = []

    def add(self, *values: str) -> None:
        self._lines.append("\t".join(values) + self._rest)
        if len(self._lines) >= SENT_AT_ONCE:
            self.send()

    def send(self) -> None:
        """Write what was added so far."""
        if self._lines:
            with connection.cursor() as cursor, cursor.copy(self._statement) as copy:
                copy.write("".join(self._lines).encode())
            self.rows += len(self._lines)
            self._lines.clear()


def as_text(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return array(*map(str, value))
    if isinstance(value, dict):
        return as_json(value)
    return escaped(str(value))


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def as_json(value: object) -> str:
    return escaped(json.dumps(value, ensure_ascii=False))


def array(*values: str) -> str:
    """An array of ids, domains or codes: nothing that would need quotes."""
    return "{" + ",".join(values) + "}"


def instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def guid(bits: int) -> str:
    """128 random bits as a GUID of version 4, written with its dashes."""
    return str(uuid.UUID(int=bits, version=4))
