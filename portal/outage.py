"""When the database is away: a readable page at once, made without it, that asks again by itself."""

import logging
from collections.abc import Callable
from http import HTTPStatus

import psycopg
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from procrastinate.exceptions import ConnectorException

from portal.errors import Busy

logger = logging.getLogger(__name__)

RETRY_AFTER = 15


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database does not answer: stopped, restarting, full, or too slow just now.

    A row somebody else held for too long is the same to a page that has no place of its own to say so.
    """
    if isinstance(
        error, ConnectorException
    ):  # a job could not be deferred: the cause is what the driver said
        return isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError)
    return isinstance(error, OperationalError | InterfaceError | Busy)


def page(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After; on the customer's page with whom to call in an emergency."""
    context = {"request_id": getattr(request, "id", ""), "emergency": request.path.startswith("/support/")}
    response = HttpResponse(render_to_string("503.html", context), status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


class DatabaseAwayMiddleware:
    """Answer 503 where a view lost its database. What other middleware loses arrives at `server_error`, likewise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_away(exception):
            return None
        logger.warning("database_away", extra={"error": str(exception).splitlines()[:1]})
        return page(request)
