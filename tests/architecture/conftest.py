"""The world is built once a module, in a transaction that is never committed; every cell is rolled back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.test.utils import CaptureQueriesContext

from portal.middleware import ORGANISATION, SEEN, STARTED
from tests.architecture.building import build
from tests.architecture.cast import DEMO, EVERYBODY, STAFF, Person
from tests.architecture.told import tell
from tests.architecture.world import World


class Browser(RequestFactory):
    """Asks through the whole stack, as a browser does. Leaner than the test client: it keeps no contexts."""

    def __init__(self, *, checks_csrf: bool = False) -> None:
        super().__init__()
        self.handler = ClientHandler(enforce_csrf_checks=checks_csrf)

    def request(self, **request: Any) -> HttpResponse:
        response: HttpResponse = self.handler(self._base_environ(**request))
        return response

    def call(self, method: str, url: str, fields: dict[str, Any] | None = None, **extra: Any) -> HttpResponse:
        if method in ("GET", "POST"):
            return getattr(self, method.lower())(url, fields or {}, **extra)
        return self.generic(method, url, **extra)


class Stage:
    """The world with a browser that can be any of its people."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.browser = Browser()
        everybody = {DEMO, *EVERYBODY, *STAFF}
        self._sessions = {person: self._sign_in(person) for person in everybody if person.is_signed_in}

    def ask(
        self, person: Person, method: str, url: str, fields: dict[str, Any] | None = None, **extra: Any
    ) -> HttpResponse:
        """One request of one person, and nothing left of it."""
        self.sign_in(person)
        with self.cell():
            return self.browser.call(method, url, fields, **extra)

    def measure(
        self, person: Person, method: str, url: str, fields: dict[str, Any] | None = None
    ) -> tuple[HttpResponse, list[str]]:
        """As `ask`, with the queries it took."""
        self.sign_in(person)
        with self.cell(), CaptureQueriesContext(connection) as captured:
            response = self.browser.call(method, url, fields)
        return response, [query["sql"] for query in captured.captured_queries]

    def sign_in(self, person: Person, browser: Browser | None = None) -> Browser:
        """A browser that is this person, whoever it was before."""
        browser = browser or self.browser
        browser.cookies.clear()
        if person.is_signed_in:
            browser.cookies["session"] = self._sessions[person]
        return browser

    @contextmanager
    def cell(self) -> Iterator[None]:
        """Whatever happens in here did not happen."""
        mark = transaction.savepoint()
        try:
            yield
        finally:
            transaction.set_rollback(False)
            transaction.savepoint_rollback(mark)

    def _sign_in(self, person: Person) -> str:
        """A session as the sign-in page makes it."""
        visitor = Client()
        visitor.force_login(self.world.users[str(person)])
        session = visitor.session
        session[STARTED] = session[SEEN] = datetime.now(UTC).timestamp()
        if person.organisation:
            session[ORGANISATION] = str(self.world.organisations[person.organisation].pk)
        session.save()
        return session.session_key


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest-django makes the test database only for tests that say they need it."""
    for item in items:
        if "stage" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker) -> Iterator[Stage]:
    """The world, at one instant: time stands still, so that two readings of a page can be compared."""
    quiet = logging.getLogger("django.request")  # thousands of refusals are what we came for
    assert str(connection.settings_dict["NAME"]).startswith("test_")
    with django_db_blocker.unblock(), time_machine.travel(datetime.now(UTC), tick=False):
        outer = transaction.atomic()
        outer._from_testcase = True  # type: ignore[attr-defined]  # operations may be durable inside it
        with outer:
            # psycopg forgets every prepared statement at a ROLLBACK, so each cell would prepare them all again.
            prepared, connection.connection.prepare_threshold = connection.connection.prepare_threshold, None
            quiet.setLevel(logging.CRITICAL)
            yield Stage(tell(build()))
            quiet.setLevel(logging.NOTSET)
            connection.connection.prepare_threshold = prepared
            transaction.set_rollback(True)
