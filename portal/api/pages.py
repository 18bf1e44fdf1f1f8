"""One page of rows as Microsoft's collection, with the links that turn it (§1.6, §8.10).

The token of a page names its first and its last row, so that it turns the page both ways. It stands in the header of
the link, in its address and beside the items, for clients that read only one of them. The last page has no `next`:
clients take its presence for more pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from portal.api.wire import CONTINUATION, collection, link, paging_of
from portal.keyset import Cursor, Order, Page, page_of

Writer = Callable[[Any], dict[str, Any]]
PageWriter = Callable[[Sequence[Any]], list[dict[str, Any]]]

#: What says which page, in an address.
TURNED_BY = ("seekOperation", "continuationToken")
#: A name without a value says nothing, as the name left out.
NOTHING = {"const": ""}
#: What a condition compares with. A number is read as it is written.
VALUE = {"type": ["string", "integer"]}
#: What may stand in the address of a list, for the documentation. Read by `paging_of`.
PARAMETERS = [
    {
        "name": "size",
        "in": "query",
        "required": False,
        "description": gettext_noop("Items of a page, 1 to 500. Without a size, and with 0, a page has 500."),
        "schema": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 500}, NOTHING]},
    },
    {
        "name": "seekOperation",
        "in": "query",
        "required": False,
        "description": gettext_noop("Which page, seen from the one whose token is sent. In any case."),
        "schema": {"type": "string", "enum": ["Next", "Previous", "First", "Last", ""]},
    },
    {
        "name": CONTINUATION,
        "in": "header",
        "required": False,
        "description": gettext_noop("The continuationToken of a page, out of its body or of its links."),
        "schema": {"type": "string"},
    },
]


def filter_parameter(
    description: str, *conditions: dict[str, Any], example: dict[str, str]
) -> dict[str, Any]:
    """The `filter` of an address, for the documentation. Each condition: what Field, Operator and Value may be."""
    names = ["Field", "Value", "Operator"]
    shapes = [{"type": "object", "required": names, "properties": condition} for condition in conditions]
    return {
        "name": "filter",
        "in": "query",
        "required": False,
        "description": description,
        "content": {"application/json": {"schema": {"anyOf": shapes}, "example": example}},
    }


def page_in(
    request: HttpRequest, rows: QuerySet[Any], order: Order, *, path: str, write: Writer
) -> dict[str, Any]:
    """The page of `rows` that was asked for. `rows` carry `pk` and the field of `order`; `path` is without /v1."""
    return page_written(request, rows, order, path=path, write=lambda found: [write(row) for row in found])


def page_written(
    request: HttpRequest, rows: QuerySet[Any], order: Order, *, path: str, write: PageWriter
) -> dict[str, Any]:
    """The same for rows that are written together: what they need besides is asked for once a page."""
    paging = paging_of(request)
    if paging.is_last:
        found = page_of(rows, replace(order, descending=not order.descending), size=paging.size)
        page = replace(found, rows=found.rows[::-1], before=found.after, after=None)
    else:
        page = page_of(rows, order, size=paging.size, after=paging.after, before=paging.before)
    token = _token(page, order)
    query = {name: str(value) for name, value in request.GET.items()}
    kept = {name: value for name, value in query.items() if name not in TURNED_BY}
    body = collection(
        write(page.rows),
        self_uri=_uri(path, query),
        next_uri=_uri(path, {**kept, "seekOperation": "Next", "continuationToken": token})
        if page.after
        else None,
        token=token if page.after else None,
    )
    if page.before:
        uri = _uri(path, {**kept, "seekOperation": "Previous", "continuationToken": token})
        body["links"]["previous"] = link(uri, headers=[{"key": CONTINUATION, "value": token}])
    return body


def _token(page: Page[Any], order: Order) -> str:
    if not page.rows:
        return ""
    ends = (page.rows[0], page.rows[-1])
    return ".".join(str(Cursor(order.key(row), row.pk, 1)) for row in ends)


def _uri(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path
