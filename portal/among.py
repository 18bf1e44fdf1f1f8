"""Two ways to ask of a row what other rows say, each with one way to the answer.

PostgreSQL turns `IN (SELECT …)` into a join, in whatever order its figures recommend. While it has none yet, after an
import say, it takes every table for nearly empty, and repeats for each row a question that has one answer: seconds
with a few thousand customers. What is asked here is asked as often whatever it expects.
"""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Case, Exists, F, Func, Q, QuerySet, Value, When


class _OneOf(Func):
    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    arity = 2
    output_field = BooleanField()


def among(field: str, rows: QuerySet[Any]) -> Q:
    """Is it one of the values that these rows have? They are found once, and from them whatever has them: for few
    out of many. They must be the same whichever row is asked about."""
    return Q(_OneOf(F(field), ArraySubquery(rows)))


def each(condition: Q | Exists) -> Case:
    """The same condition, asked of each row for itself in the order of whatever index is walked: for most rows out of
    many, of which a page shows the first."""
    return Case(When(condition, then=Value(True)), default=Value(False))
