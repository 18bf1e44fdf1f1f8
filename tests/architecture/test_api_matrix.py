"""Every endpoint of the API × every role × every relation: who gets what, and no word of anybody else's."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.api import throttle
from portal.api.root import api
from portal.models import AuditEvent, Credential, Partner
from portal.operations.credentials import create_credential
from portal.permissions import ROLES as GRANTED
from tests.api.caller import Caller, check
from tests.architecture.api_routes import (
    ENDPOINTS,
    NOT_BY_ROLE,
    Endpoint,
    customers_of,
    is_own_customer,
)
from tests.architecture.canaries import is_for
from tests.architecture.cast import EVERYBODY, PARTNER_ROLES, PARTNERS, Person
from tests.architecture.conftest import Stage
from tests.architecture.entry import VIEW
from tests.architecture.relations import Target
from tests.architecture.walk import endpoints, patterns

WALKERS = [
    person
    for person in EVERYBODY
    if not person.name and person.organisation in PARTNERS and person.role in PARTNER_ROLES
]
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
#: Events a change leaves; reading leaves none.
EVENTS = {
    "update_support_contact": 1,
    "update_support_contacts": 1,
    "put_support_profile": 1,
    "put_support_profile_too": 1,
}


@pytest.fixture(scope="module")
def secrets(stage: Stage) -> dict[Person, str]:
    """A credential for every role of every partner that walks."""
    Partner.objects.update(integrations_at_most="global_admin")
    found = {}
    for person in WALKERS:
        made = create_credential(
            acting=stage.world.actor(Person(person.organisation, "global_admin")),
            name=f"Integration as {person.role}",
            role=person.role,
            expires_at=timezone.now() + timedelta(days=30),
        )
        found[person] = made.secret
    return found


@pytest.fixture(autouse=True)
def unlimited(settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**6
    throttle.forget()


def ask(
    stage: Stage, secret: str, endpoint: Endpoint, person: Person, target: Target, method: str = ""
) -> Any:
    """One call, and nothing left of it. Its answer is checked for what every answer has."""
    body = endpoint.body(stage.world, person, target) if endpoint.body and not method else None
    with stage.cell():
        before = AuditEvent.objects.count() if body else 0
        response = Caller(secret).call(method or endpoint.method, endpoint.url(target), body)
        response.events = AuditEvent.objects.count() - before if body else 0
    response.asked = f"{endpoint.url(target)} {json.dumps(body)}"
    return response


def test_every_endpoint_is_listed() -> None:
    there = {name.removeprefix("v1:") for name, _path, _view in endpoints() if name not in NOT_BY_ROLE}
    assert there == set(ENDPOINTS), "list these in api_routes.py, with who may and how to call them"
    assert {name for name, _path, _view in endpoints()} - {f"v1:{name}" for name in there} == set(NOT_BY_ROLE)
    assert {operation.view_func.__name__ for operation in api.operations()} == set(ENDPOINTS)


def test_no_endpoint_is_a_page_and_no_page_an_endpoint() -> None:
    assert not {path for _name, path, _view in patterns() if path.startswith("v1/")}
    assert all(path.startswith("v1/") or "/oauth2/" in path for _name, path, _view in endpoints())


@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_an_endpoint_declares_is_what_the_table_says(name: str) -> None:
    endpoint, declared = ENDPOINTS[name], api.declared()[name]
    granted = {role.value for role, permissions in GRANTED.items() if declared.permission in permissions}
    assert granted & set(PARTNER_ROLES) == endpoint.roles
    names_a_row = "{" in endpoint.path
    assert declared.needs_row or not names_a_row
    methods = {
        method
        for operation in api.operations()
        if operation.view_func.__name__ == name
        for method in operation.methods
    }
    assert methods == {endpoint.method}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_who_gets_what(stage, secrets, name: str, record_property) -> None:
    """Also: what is not theirs and what is not there are one answer, byte for byte (R11).

    Which of the two is not theirs, the customer or the subscription, may be told: their customers they know.
    """
    endpoint, wrong, count, worked = ENDPOINTS[name], [], 0, set()
    for person in WALKERS:
        refused = defaultdict(set)
        for target in endpoint.targets(stage.world, person):
            response = ask(stage, secrets[person], endpoint, person, target)
            status, count = endpoint.status(stage.world, person, target), count + 1
            cell = f"{endpoint.method} {endpoint.url(target)} ({target.relation}) by {person}"
            if response.status_code != status:
                wrong.append(f"{cell}: {response.status_code}, not {status}: {response.content[:200]!r}")
                continue
            worked |= {status}
            wrong += [f"{cell}: {what}" for what in _amiss(stage, person, target, name, response)]
            # What is no id at all is told apart: it says nothing of anybody.
            if status == 404 and "no-guid" not in endpoint.url(target):
                refused[is_own_customer(stage.world, person, target)].add(response.content)
        wrong += [f"{name} by {person}: {told}" for told in refused.values() if len(told) > 1]
    record_property("cells", count)
    assert not wrong, f"{len(wrong)} of {count}\n" + "\n".join(wrong[:40])
    assert 200 in worked, "nobody may: a refusal proves nothing"


def _amiss(stage: Stage, person: Person, target: Target, name: str, response: Any) -> Iterator[str]:
    """What an answer must not have, whatever its status."""
    canaries = stage.world.canaries
    told = canaries.among(response.content.decode()) - canaries.among(response.asked)
    strange = {canary.about for canary in told if not is_for(canary.may, person)}
    if person.role in VIEW:
        strange -= {f"tenant id of {name}" for name in customers_of(person.organisation)}
    if strange:
        yield f"tells {sorted(strange)}"
    if ENDPOINTS[name].rows_in_body and response.status_code == 200:
        [item] = response.json()["items"]
        if item["status"] != (200 if target.is_visible else 404):
            yield f"the item says {item['status']}"
        expected = EVENTS[name] if target.is_visible else 0
    else:
        expected = EVENTS.get(name, 0) if response.status_code == 200 else 0
    if response.events != expected:
        yield f"{response.events} events"


@pytest.mark.parametrize("name", ENDPOINTS)
def test_without_a_bearer_that_works_nothing_is_told(stage, secrets, name: str) -> None:
    """None, an unknown one, and one that was revoked; whatever the row."""
    endpoint, person = ENDPOINTS[name], Person("fabrikam", "global_admin")
    for target in endpoint.targets(stage.world, person):
        for secret in ("", "portal_" + "0" * 64):
            assert ask(stage, secret, endpoint, person, target).status_code == 401
        with stage.cell():
            Credential.objects.update(revoked_at=timezone.now())
            assert ask(stage, secrets[person], endpoint, person, target).status_code == 401


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_person_who_is_signed_in_is_nobody_here(stage, name: str) -> None:
    endpoint, person = ENDPOINTS[name], Person("fabrikam", "global_admin")
    stage.sign_in(person)
    target = endpoint.targets(stage.world, person)[0]
    with stage.cell():
        response = stage.browser.generic(endpoint.method, endpoint.url(target))
    assert response.status_code == 401
    check(response)


@pytest.mark.parametrize("path", sorted({endpoint.path for endpoint in ENDPOINTS.values()}))
def test_a_method_nobody_declared_is_405_and_head_is_get(stage, secrets, path: str) -> None:
    there = {endpoint.method: endpoint for endpoint in ENDPOINTS.values() if endpoint.path == path}
    endpoint, person = next(iter(there.values())), Person("fabrikam", "global_admin")
    for target in endpoint.targets(stage.world, person):
        for method in METHODS:
            if method not in there:
                response = ask(stage, secrets[person], endpoint, person, target, method)
                assert response.status_code == 405
                allowed = {*there, "OPTIONS", *(["HEAD"] if "GET" in there else [])}
                assert response["Allow"] == ", ".join(sorted(allowed))
        if "GET" in there:
            head = ask(stage, secrets[person], endpoint, person, target, "HEAD")
            assert head.status_code == there["GET"].status(stage.world, person, target)


def test_a_credential_never_reaches_above_the_limit_of_its_organisation(stage, secrets) -> None:
    person = Person("fabrikam", "global_admin")
    endpoint = ENDPOINTS["update_support_contact"]
    target = endpoint.targets(stage.world, person)[0]
    assert ask(stage, secrets[person], endpoint, person, target).status_code == 200
    with stage.cell():
        Partner.objects.update(integrations_at_most="sales_agent")
        assert ask(stage, secrets[person], endpoint, person, target).status_code == 403


def test_bodies_of_the_table_are_json() -> None:
    for endpoint in ENDPOINTS.values():
        assert (endpoint.body is None) == (endpoint.method == "GET")
    assert json.dumps({})
