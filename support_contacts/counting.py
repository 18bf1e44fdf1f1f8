"""Questions about many rows that are answered from few: counts up to a cap, the distinct values of a column."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Expression, IntegerField, QuerySet, Subquery
from django.db.models.expressions import RawSQL

#: Totals are counted up to here and shown as "10,000+" beyond.
COUNTED = 10_000
#: The same where a rule has to be asked of every row that is counted.
JUDGED = 1_000
#: A number beside something else, in the rail or on a chip: "99+" says enough.
GLANCED = 99


class CappedCount(Subquery):
    """How many rows a query has, counted to the cap and one more; of a query in an order of its own, that order is
    kept, and `of` the column of it."""

    template = "(SELECT count(*) FROM (%(subquery)s) capped)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, queryset: QuerySet, *, cap: int | None = None, of: str = "", **extra: Any) -> None:
        most = COUNTED if cap is None else cap
        rows = queryset.values(of) if of else queryset.order_by().values("pk")
        super().__init__(rows[: most + 1], **extra)


class CappedDistinct(Subquery):
    """How many different values the one column of a query has, to the cap and one more, from no more than so many
    rows; NULL where these do not tell."""

    template = (
        "(SELECT CASE WHEN count(*) < %(rows)s OR count(DISTINCT found) > %(cap)s "
        "THEN LEAST(count(DISTINCT found), %(cap)s + 1) END FROM (%(subquery)s) some_rows(found))"
    )
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, queryset: QuerySet, *, cap: int, rows: int, **extra: Any) -> None:
        super().__init__(queryset[:rows], cap=cap, rows=rows, **extra)


class DistinctValues(Expression):
    """The values that a column has in these rows, in order, at most so many.

    Each is found from the one before by one step in an index, where SELECT DISTINCT would read every row: the column
    must follow in an index upon what the rows are filtered by.
    """

    _SQL = (
        "ARRAY(WITH RECURSIVE seen(value) AS (SELECT %s UNION ALL SELECT %s FROM seen WHERE seen.value IS NOT NULL) "
        "SELECT value FROM seen WHERE value IS NOT NULL LIMIT %s)"
    )

    def __init__(self, rows: QuerySet, column: str, *, at_most: int) -> None:
        field: Any = rows.model._meta.get_field(column)
        super().__init__(output_field=ArrayField(field.target_field if field.is_relation else field))
        later = rows.filter(**{f"{column}__gt": RawSQL("seen.value", [])})
        self._steps = [Subquery(some.order_by(column).values(column)[:1]) for some in (rows, later)]
        self._at_most = at_most

    def get_source_expressions(self) -> list[Any]:
        return list(self._steps)

    def set_source_expressions(self, exprs: Any) -> None:
        self._steps = list(exprs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        (first, given), (later, after) = (compiler.compile(step) for step in self._steps)
        return self._SQL % (first, later, self._at_most), (*given, *after)
