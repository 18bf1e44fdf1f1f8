"""Schemathesis reads /api/openapi.json and calls every operation with what the document allows and what it forbids.

Two providers call, each for itself and for what is the other's. Nothing a call changes is there for the next one.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi import checks

from portal.api.meanings import NOT_ELIGIBLE
from portal.permissions import Role
from tests.api.caller import bearer
from tests.api.fuzzed import PROVIDERS, Portal, aim, build, connections_kept

portal = Portal()
schema = schemathesis.openapi.from_wsgi(
    "/api/openapi.json",
    portal,
    config=SchemathesisConfig.from_dict(
        {"seed": 4, "analysis": {"constants": {"enabled": False}}, "cache": {"enabled": False}}
    ),
)
#: Twenty operations, two callers: 2 000 calls and more, and 20 000 for long.
SHORT = settings(
    max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(SHORT, max_examples=500, derandomize=False)

#: Schemathesis's own checks that are not asked, each with its reason. All others are.
EXCLUDED = {
    checks.positive_data_acceptance: "asked by a_right_request_is_taken, which knows REFUSED_FOR_WHAT_IS_THERE",
    checks.negative_data_rejection: "asked by a_wrong_request_is_refused: a batch answers item by item",
    checks.object_level_authorization: "signs in by its own means only; nothing_of_the_other asks of every answer",
    checks.use_after_free: "nothing is deleted over this API",
    checks.ensure_resource_availability: "nothing gets a new address over this API",
}
#: Refusals of what the document allows: they depend on what is stored, or on more than a schema can say.
REFUSED_FOR_WHAT_IS_THERE = {
    **dict.fromkeys(NOT_ELIGIBLE, "who may be chosen changes from day to day (R4)"),
    "partner_mismatch": "two names of partners, each right, of different ones",
    "subscription_ended": "an ended subscription has no candidates and takes no choice",
    "new_commerce_not_supported": "no member of an address says what kind of subscription it is",
    "conflict": "If-Match names a version that was",
    "at_in_future": "what is to come depends on when one asks",
    "bad_character": "a schema does not say which characters a database takes",
    "number_too_large": "nor how large a number is that nobody reads",
}


@pytest.fixture(scope="module")
def secrets(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """The world and who calls, in a transaction that is never committed."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer._from_testcase = True  # type: ignore[attr-defined]  # operations may be durable inside it
        with outer, connections_kept():
            prepared, connection.connection.prepare_threshold = connection.connection.prepare_threshold, None
            yield {name: bearer(build(name).organisation, Role.ADMIN_AGENT) for name in PROVIDERS}
            connection.connection.prepare_threshold = prepared
            transaction.set_rollback(True)


@pytest.fixture
def counted(secrets: dict[str, str], record_property: Any) -> Iterator[None]:
    """Counts what one operation was asked by one caller, and what it answered; tests/api/tally.py adds up."""
    began, cases = len(portal.statuses), portal.cases
    yield
    statuses, cases = portal.statuses[began:], portal.cases - cases
    record_property("fuzzed", [cases, len(statuses), sum(status >= 500 for status in statuses)])
    assert max(statuses) < 500
    assert cases >= SHORT.max_examples


@pytest.mark.django_db
@pytest.mark.parametrize("name", PROVIDERS)
@schema.parametrize()
@SHORT
def test_whatever_is_called(case, name, secrets, counted):
    call(case, name, secrets[name])


@pytest.mark.soak
@pytest.mark.django_db
@pytest.mark.parametrize("name", PROVIDERS)
@schema.parametrize()
@LONG
def test_whatever_is_called_for_long(case, name, secrets, counted):
    call(case, name, secrets[name])


def call(case: Any, name: str, secret: str) -> None:
    portal.cases += 1
    aim(case, name)
    case.call_and_validate(
        headers={"Authorization": f"Bearer {secret}"},
        excluded_checks=list(EXCLUDED),
        additional_checks=[a_right_request_is_taken, a_wrong_request_is_refused, NOTHING_OF_THE_OTHER[name]],
    )


def a_right_request_is_taken(ctx: Any, response: Any, case: Any) -> None:
    """`positive_data_acceptance`, except where a refusal depends on what is there."""
    is_refusal = response.status_code == 400 and not case.path.endswith("token")
    if not is_refusal or not REFUSED_FOR_WHAT_IS_THERE.keys() & set(response.json()["data"]):
        checks.positive_data_acceptance(ctx, response, case)


def a_wrong_request_is_refused(ctx: Any, response: Any, case: Any) -> None:
    """`negative_data_rejection`; in a batch that can be read, the item that is wrong has the error."""
    items = response.json().get("items", ()) if case.path.endswith("/batch") else ()
    if not any(item["status"] != 200 for item in items):
        checks.negative_data_rejection(ctx, response, case)


def nothing_of_the_other(name: str) -> Callable[..., None]:
    """A check: no word of the other provider, whatever was asked by `name`."""
    other = next(one for one in PROVIDERS if one != name)

    def nothing_of_the_other(ctx: Any, response: Any, case: Any) -> None:
        if f"{other} canary" in response.text:
            raise Failure(
                operation=case.operation.label,
                title="Another's rows",
                message=f"{name} read a word of {other}",
            )

    return nothing_of_the_other


NOTHING_OF_THE_OTHER = {name: nothing_of_the_other(name) for name in PROVIDERS}
