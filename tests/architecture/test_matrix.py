"""Every route × every person × every relation × every method: who gets what.

Each refusal stands beside the same call allowed, with the same rows: it was the guard that refused, not a mistake.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.urls import reverse

from portal.audience import Audience, Route
from portal.permissions import ROLES as GRANTED
from portal.permissions import Permission
from tests.architecture.cast import BUYERS, EVERYBODY, PARTNERS, RESELLERS, SELLERS, Person
from tests.architecture.entry import ALL, METHODS, Entry
from tests.architecture.relations import Target
from tests.architecture.routes import NOT_OURS, ROUTES
from tests.architecture.walk import patterns
from tests.architecture.world import World

WALKED = {name: view for name, _path, view in patterns() if name not in NOT_OURS}
CALLS = [
    (name, method)
    for name in WALKED
    for method in ("GET", "POST")
    if name in ROUTES and method in ROUTES[name].methods
]
SERVED = {
    Audience.PARTNERS: frozenset(PARTNERS),
    Audience.AGENTS: SELLERS,
    Audience.RESELLERS: RESELLERS,
    Audience.CUSTOMERS: BUYERS,
    Audience.MEMBERS: ALL,
}
#: Who tries the methods a route does not know.
WRONG_WAY = [
    EVERYBODY[0],
    *(p for p in EVERYBODY if str(p) in ("fabrikam/global_admin", "contoso/global_admin")),
]
#: What nobody can reach has no twin at its own address; its twin is the same person at their own.
UNREACHABLE = {
    "ended",
    "crossed",
    "unanswered",
    "sibling's event",
    "foreign event",
    "another's event",
    "a member's",
}

#: Shut to everybody under these settings; opened by a test of its own below.
CLOSED = {"demo-mail", "demo-mail-html", "demo-sign-in", "metrics"}


@dataclass(frozen=True)
class Cell:
    """One call and the status it must have."""

    person: Person
    target: Target
    method: str
    url: str
    status: int
    allowed: bool

    def __str__(self) -> str:
        return f"{self.method} {self.url} ({self.target.relation}) by {self.person}"


def cells(world: World, name: str, method: str) -> Iterator[Cell]:
    entry = ROUTES[name]
    for person in EVERYBODY:
        for target in _walked(entry, world, person):
            url = reverse(name, args=target.args)
            status = entry.status(person, target, method)
            yield Cell(person, target, method, url, status, entry.is_allowed(person, target, method))


def _walked(entry: Entry, world: World, person: Person) -> list[Target]:
    """Every target; of a page that is not for this person one that is there and one that is not: it is all one."""
    found = entry.targets(world, person)
    if entry.serves is None or (
        person.organisation in entry.serves and (entry.roles is None or person.role in entry.roles)
    ):
        return found
    return list({target.is_visible: target for target in reversed(found)}.values())


def test_every_route_is_listed() -> None:
    unnamed = [path for name, path, _view in patterns() if not name or name.endswith(":")]
    assert not unnamed, "a route without a name cannot be listed"
    assert set(WALKED) - set(ROUTES) == set(), (
        "list these routes in routes.py, with who may and how to call them"
    )
    assert set(ROUTES) - set(WALKED) == set(), "these routes are gone"


@pytest.mark.parametrize("name", WALKED)
def test_every_view_declares_whose_it_is(name: str) -> None:
    route = getattr(WALKED[name], "route", None)
    assert isinstance(route, Route), f"{name}: declare it with portal.audience.page"


@pytest.mark.parametrize("name", [name for name in WALKED if name in ROUTES])
def test_what_a_view_declares_is_what_the_table_says(name: str) -> None:
    entry, route = ROUTES[name], WALKED[name].route
    assert set(route.methods) == entry.methods - {"HEAD"}
    if entry.serves is None:
        assert route.audience is Audience.PUBLIC
        return
    # A view may serve fewer than its audience (a customer has no support profile), never more.
    assert entry.serves <= SERVED[route.audience]
    granted = {role.value for role, permissions in GRANTED.items() if route.permission in permissions}
    assert granted == entry.roles or (
        entry.roles is None and (not route.permission or granted == set(_roles()))
    )


def test_a_permission_has_the_same_holders_on_every_route() -> None:
    holders: dict[Permission, set[frozenset[str]]] = defaultdict(set)
    for name, view in WALKED.items():
        if view.route.permission:
            holders[view.route.permission].add(ROUTES[name].roles or frozenset(_roles()))
    assert [permission for permission, found in holders.items() if len(found) > 1] == []
    # Asked for by a form of a route, not by the route itself.
    assert set(Permission) - set(holders) == {Permission.DELEGATED_ADMIN_REQUEST}


def _roles() -> list[str]:
    return [role.value for role in GRANTED]


@pytest.mark.parametrize(("name", "method"), CALLS)
def test_who_gets_what(stage, name: str, method: str, record_property) -> None:
    entry, walked = ROUTES[name], list(cells(stage.world, name, method))
    record_property("cells", len(walked))
    wrong = []
    for cell in walked:
        fields = entry.fields(stage.world, cell.person, cell.target) if method == "POST" else None
        if entry.writes and method == "POST":
            response, queries = stage.measure(cell.person, method, cell.url, fields)
            wrong += [f"{cell}: {what}" for what in _misdone(entry.writes, queries, cell)]
        else:
            response = stage.ask(cell.person, method, cell.url, fields)
        if response.status_code != cell.status:
            wrong.append(f"{cell}: {response.status_code}, not {cell.status}")
        wrong += [f"{cell}: {what}" for what in _amiss(response, cell)]
    assert not wrong, "\n".join(wrong)
    if name not in CLOSED:
        _each_refusal_has_its_twin(walked)


def _amiss(response, cell: Cell) -> Iterator[str]:
    """What every answer has, whatever it says."""
    if "X-Request-ID" not in response:
        yield "no X-Request-ID"
    if "Content-Security-Policy" not in response:
        yield "no Content-Security-Policy"
    if cell.person.organisation and "no-store" not in response.get("Cache-Control", ""):
        yield "may be stored"
    is_sent_away = not cell.person.is_signed_in and not cell.allowed and cell.status == 302
    if is_sent_away and not response["Location"].startswith(reverse("account_login")):
        yield f"sent to {response['Location']}, not to the sign-in page"


def _misdone(table: str, queries: list[str], cell: Cell) -> Iterator[str]:
    """A status alone may be a refusal in other words: what works on one's own writes, what is refused does not."""
    writes = re.compile(rf'\s*(INSERT INTO|UPDATE|DELETE FROM) "{table}"')
    has_written = any(writes.match(sql) for sql in queries)
    if has_written and (not cell.allowed or cell.status >= 400):
        yield f"refused, and wrote to {table}"
    if not has_written and cell.target.relation == "own" and cell.allowed and cell.status < 400:
        yield f"nothing written to {table}"


def _each_refusal_has_its_twin(walked: list[Cell]) -> None:
    """The same call by somebody who may, or, where nobody may, the same person's call where they may."""
    works = {cell.url for cell in walked if cell.allowed}
    for cell in walked:
        relation = cell.target.relation
        has_no_twin = relation in UNREACHABLE or relation.startswith("nonexistent") or cell.target.is_personal
        assert cell.allowed or cell.url in works or (works and has_no_twin), f"nobody may: {cell}"


@pytest.mark.parametrize("name", [name for name in WALKED if name in ROUTES])
def test_a_method_nobody_declared_is_refused_before_anything_else(stage, name: str, record_property) -> None:
    entry, count = ROUTES[name], 0
    for method in METHODS:
        if method in entry.methods:
            continue
        for person in WRONG_WAY:
            for target in entry.targets(stage.world, person):
                response = stage.ask(person, method, reverse(name, args=target.args))
                assert response.status_code == 405, f"{method} {name} by {person}"
                count += 1
    record_property("cells", count)


def test_head_is_get_without_a_body(stage, record_property) -> None:
    count = 0
    for name, entry in ROUTES.items():
        if name not in WALKED or entry.get is None:
            continue
        for person in WRONG_WAY:
            for target in entry.targets(stage.world, person):
                response = stage.ask(person, "HEAD", reverse(name, args=target.args))
                assert response.status_code == entry.status(person, target, "HEAD"), (
                    f"HEAD {name} by {person}"
                )
                assert not b"".join(response)
                count += 1
    record_property("cells", count)
