"""Questions asked at every call, put into SQL once a process.

Django takes longer over the words than PostgreSQL over the answer: most of a small API call was compiling the same two
questions again.

The question stays what it is, a QuerySet built by the models' own methods, so a rule is still said in one place. It is
built once with stand-ins for what changes from call to call; each call then puts its own values where they stood.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import (
    ModelIterable,
    NamedValuesListIterable,
    ValuesIterable,
    get_related_populators,
)
from django.db.models.utils import create_namedtuple_class

from portal.pg.kept import Kept, KeptForAll

#: No instant, id or text of anybody's: what stands in for one while the question is put into SQL.
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
_STAND_INS: dict[type, Callable[[int], Any]] = {
    datetime: lambda number: _LONG_AGO + timedelta(microseconds=number),
    uuid.UUID: lambda number: uuid.UUID(int=number + 1),
    str: lambda number: f"\x01{number}\x01",
    list: lambda number: [uuid.UUID(int=number + 1)],  # of ids
}


@dataclass(frozen=True, slots=True)
class _Made:
    """The question once it is in SQL.

    `params` picks what the SQL asks for, in its order, from what never changes and what a call gives; `read` makes rows
    what the QuerySet would have made them.
    """

    sql: str
    constants: dict[Any, Any]
    params: Callable[[dict[Any, Any]], Sequence[Any]]
    texts: list[str]
    converters: list[tuple[int, Any]]
    read: Callable[[list[Any]], list[Any]]


class Prepared:
    """One question with named values of these types, each an instant, an id, a list of ids or a text.

    `build` is called once, with stand-ins. It must not look at them, and must ask for no instant or id of its own: such
    a one would be that of the first call for ever, and is refused.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]], **types: type) -> None:
        self._build, self._types = build, types
        self._lock = threading.Lock()
        self._made: _Made | None = None
        self._says: type[str] = str

    @classmethod
    def by_key(cls, build: Callable[..., QuerySet[Any]], **types: type) -> "Prepared":
        """One that reaches few rows by a key, whoever asks: PostgreSQL keeps its plan as well (`Kept`)."""
        prepared = cls(build, **types)
        prepared._says = Kept
        return prepared

    @classmethod
    def for_all(cls, build: Callable[..., QuerySet[Any]], **types: type) -> "Prepared":
        """One of many parts that each stop after few rows, whoever asks: one plan for everybody (`KeptForAll`)."""
        prepared = cls(build, **types)
        prepared._says = KeptForAll
        return prepared

    def __call__(self, **values: Any) -> list[Any]:
        """The rows, as the QuerySet would have given them."""
        made = self._made or self._make()
        given = made.constants | values
        for name in made.texts:
            given[_text(name)] = str(values[name])
        connection: Any = connections[DEFAULT_DB_ALIAS]  # this thread's
        rows = connection.rows(made.sql, made.params(given))
        return made.read(_converted(rows, made.converters, connection) if made.converters else rows)

    def _make(self) -> "_Made":
        with self._lock:
            if self._made is None:
                stand_ins = {
                    name: _STAND_INS[kind](number) for number, (name, kind) in enumerate(self._types.items())
                }
                question = self._build(**stand_ins)
                compiler = question.query.get_compiler(using=DEFAULT_DB_ALIAS)
                if question._prefetch_related_lookups:  # type: ignore[attr-defined]
                    raise TypeError("A prepared question is one question: no prefetch_related.")
                read = _READ.get(question._iterable_class)
                if read is None or question._known_related_objects:  # type: ignore[attr-defined]
                    raise TypeError("A prepared question is for rows of models, or of values with names.")
                try:
                    sql, params = compiler.as_sql()
                except EmptyResultSet:
                    raise TypeError("A prepared question that nothing answers asks nothing.") from None
                unasked = [name for name, value in stand_ins.items() if not _asks_for(value, params)]
                if unasked:
                    raise TypeError(f"A prepared question does not ask for {', '.join(unasked)}.")
                fields = [column[0] for column in compiler.select[: compiler.col_count]]
                places = [_place(param, stand_ins, number) for number, param in enumerate(params)]
                self._made = _Made(
                    self._says(sql),
                    {place: param for place, param in zip(places, params, strict=True) if type(place) is int},
                    _picking(places),
                    [name for name in stand_ins if _text(name) in places],
                    list(compiler.get_converters(fields).items()),
                    read(question, compiler),
                )
            return self._made


def _place(param: Any, stand_ins: dict[str, Any], number: int) -> Any:
    """What a call puts where this parameter stands: a value of its own, that value as text, or the parameter."""
    for name, stand_in in stand_ins.items():
        if type(param) is type(stand_in) and param == stand_in:
            return name
        if param == str(stand_in):
            return _text(name)
    if isinstance(param, date | time | uuid.UUID | list | tuple):
        raise TypeError("A prepared question holds no instant, date or id of its own.")
    if any(str(stand_in) in str(param) for stand_in in stand_ins.values()):
        raise TypeError("A prepared question asks for a value as it is, not for a part of something else.")
    return number


def _text(name: str) -> tuple[str, str]:
    """The place of a value as text."""
    return name, "text"


def _picking(places: list[Any]) -> Callable[[dict[Any, Any]], Any]:
    """Values for these places, in their order."""
    return itemgetter(*places) if len(places) > 1 else lambda given: [given[place] for place in places]


def _asks_for(value: Any, params: Iterable[Any]) -> bool:
    return any((type(param) is type(value) and param == value) or param == str(value) for param in params)


# -- rows, as Django's own iterables read them


def _converted(rows: list[Any], converters: list[tuple[int, Any]], connection: Any) -> list[Any]:
    found = [list(row) for row in rows]
    for position, (converts, expression) in converters:
        for row in found:
            for convert in converts:
                row[position] = convert(row[position], expression, connection)
    return found


def _models(_question: QuerySet[Any], compiler: Any) -> Callable[[list[Any]], list[Any]]:
    """With what was joined, and what was annotated."""
    told, select = compiler.klass_info, compiler.select
    own = slice(told["select_fields"][0], told["select_fields"][-1] + 1)
    names = [column[0].target.attname for column in select[own]]
    joined = get_related_populators(told, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # of 5.2
    annotated = list(compiler.annotation_col_map.items())
    make = told["model"].from_db

    def read(rows: list[Any]) -> list[Any]:
        found = []
        for row in rows:
            one = make(DEFAULT_DB_ALIAS, names, row[own])
            for other in joined:
                other.populate(row, one)
            for name, position in annotated:
                setattr(one, name, row[position])
            found.append(one)
        return found

    return read


def _named_values(question: Any, compiler: Any) -> Callable[[list[Any]], list[Any]]:
    many = compiler.col_count  # what is only ordered by comes last
    make = create_namedtuple_class(*(question._fields or _names(question.query)))._make
    return lambda rows: [make(row[:many]) for row in rows]


def _values(question: Any, _compiler: Any) -> Callable[[list[Any]], list[Any]]:
    names = list(question.query.selected or _names(question.query))
    return lambda rows: [dict(zip(names, row, strict=False)) for row in rows]


def _names(query: Any) -> list[str]:
    return [*query.extra_select, *query.values_select, *query.annotation_select]


_READ = {ModelIterable: _models, NamedValuesListIterable: _named_values, ValuesIterable: _values}
