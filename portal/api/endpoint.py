"""What an endpoint declares: the permission it needs and whether its row is found first.

Rows decide before roles: what is not visible is 404 before anything is 403 (R11). Only an endpoint that names no row
has its permission asked here; one with `needs_row` asks `require(request.actor, permission)` after finding its row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.permissions import Permission, require

Handler = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Declared:
    """What an endpoint declared; tests/architecture reads it."""

    permission: Permission
    needs_row: bool


def endpoint(permission: Permission, *, needs_row: bool = False) -> Callable[[Handler], Handler]:
    """Stands under the route decorator."""

    def decorate(view: Handler) -> Handler:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not needs_row:
                require(request.actor, permission)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        guarded.declared = Declared(permission, needs_row)  # type: ignore[attr-defined]
        return guarded

    return decorate
