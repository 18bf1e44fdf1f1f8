"""Ways to ask of a row what other rows say, each with one way to the answer.

PostgreSQL turns `IN (SELECT …)` into a join, in whatever order its figures recommend. While it has none yet, after an
import say, it takes every table for nearly empty, and repeats for each row a question that has one answer: seconds
with a few thousand customers. What is asked here is asked as often whatever it expects.
"""

import uuid
from collections.abc import Collection
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    Func,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression


class _OneOf(Func):
    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    arity = 2
    output_field = BooleanField()


def among(field: str, rows: QuerySet[Any]) -> Q:
    """Is it one of the values that these rows have? They are found once, and from them whatever has them: for few
    out of many. They must be the same whichever row is asked about."""
    return Q(_OneOf(F(field), ArraySubquery(rows)))


def one_of(field: str, ids: Collection[uuid.UUID] | BaseExpression) -> Q:
    """Is it one of these? One value for the database, however many they are; or an array that it finds."""
    found = ids if isinstance(ids, BaseExpression) else Value(list(ids), output_field=ArrayField(UUIDField()))
    return Q(_OneOf(F(field), found))


class Unnested(Func):
    """The values of an array of ids, a row each."""

    function = "unnest"
    arity = 1
    output_field = UUIDField()


class _Is(Subquery):
    template = "((%(subquery)s) IS NOT NULL)"
    output_field = BooleanField()


def there_is(rows: QuerySet[Any]) -> Q:
    """Is there such a row? As EXISTS, but looked up for each row by its index: for few rows out of a large table, of
    which PostgreSQL would rather read all that might be asked for into memory first."""
    return Q(_Is(rows.order_by().annotate(there=Value(1)).values("there")[:1]))


class Constant(Value):
    """A word of the code's own, written into the SQL: of a plan that is made once for all parameters, a partial index
    serves only what is said there."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        if not (isinstance(self.value, str) and self.value.isidentifier()):
            raise ValueError("Only a plain word is written into SQL.")
        return f"'{self.value}'", ()


def each(condition: Q | Exists) -> Case:
    """The same condition, asked of each row for itself in the order of whatever index is walked: for most rows out of
    many, of which a page shows the first."""
    return Case(When(condition, then=Value(True)), default=Value(False))
