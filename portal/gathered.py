"""Rows of another table that belong to each row of a question, read with it: one question for both."""

import json
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Field, Func, JSONField, Model, QuerySet


class Gathered(ArraySubquery):
    """Annotates each row with a list of instances, as `rows` would have given them for it.

    For few rows each, told apart by `OuterRef`: `annotate(grants=Gathered(rows.filter(partner=OuterRef("pk"))))`. What
    is read with an instance by `select_related` is not.
    """

    def __init__(self, rows: QuerySet[Any], **extra: Any) -> None:
        self._model: type[Model] = rows.model
        columns = [field.attname for field in self._model._meta.concrete_fields]
        said = Func(*columns, function="JSONB_BUILD_ARRAY", output_field=JSONField())
        super().__init__(rows.values_list(said), **extra)

    @property
    def output_field(self) -> Field:  # type: ignore[override]  # not the list of texts it comes as
        return _Rows(self._model)


class _Rows(Field):
    """The column such a list comes in."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__()
        self._of = model

    def from_db_value(self, found: list[str], _expression: object, connection: Any) -> list[Model]:
        fields = self._of._meta.concrete_fields
        names = [field.attname for field in fields]
        rows = (zip(fields, json.loads(text), strict=True) for text in found)
        return [
            self._of.from_db(connection.alias, names, [field.to_python(value) for field, value in row])
            for row in rows
        ]
