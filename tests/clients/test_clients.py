"""The clients against a server as `make run` starts it; and that their reading is as strict as they say."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.clients import shapes
from tests.portal.test_serve import CHECKOUT, Portal

CONTACT = {
    "supportTenantId": "0d6f1c1e-7a55-4d0e-8a2a-3a5b7d9c1e2f",
    "supportMpnId": "5550123",
    "name": "Northwind Managed IT",
    "links": {"self": {"uri": "/customers/1/subscriptions/2/supportcontact", "method": "GET", "headers": []}},
    "attributes": {"objectType": "SupportContact"},
}
RELATIONSHIP = {
    "id": "0d6f1c1e-7a55-4d0e-8a2a-3a5b7d9c1e2f",
    "name": "Northwind Managed IT",
    "mpnId": "5550123",
    "relationshipType": "is_indirect_reseller_of",
    "attributes": {"objectType": "PartnerRelationship"},
}


def test_clients_of_partner_center_find_what_they_need(demonstration: Portal) -> None:
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    checked = subprocess.run(
        [sys.executable, "-m", "tests.clients", f"http://127.0.0.1:{demonstration.port}"],
        cwd=CHECKOUT, env=keep, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_reader_takes_what_the_specification_shows() -> None:
    assert _problems(CONTACT) == _problems(RELATIONSHIP) == []


@pytest.mark.parametrize(
    ("document", "change"),
    [
        (CONTACT, {"name": None}),
        (CONTACT, {"supportMpnId": 5550123}),
        (CONTACT, {"supportTenantId": "5550123"}),
        (CONTACT, {"links": {"self": {"uri": "/v1/customers", "method": "GET", "headers": []}}}),
        (CONTACT, {"links": {"self": {"uri": "http://portal/customers", "method": "GET", "headers": []}}}),
        (RELATIONSHIP, {"relationshipType": "IsIndirectResellerOf"}),
        (RELATIONSHIP, {"location": None}),
    ],
)
def test_reader_refuses_what_the_sdks_cannot_read(document: dict[str, Any], change: dict[str, Any]) -> None:
    assert _problems({**document, **change})


def test_reader_misses_a_member_in_another_case() -> None:
    shouted = {("Name" if name == "name" else name): value for name, value in CONTACT.items()}
    assert _problems(shouted) == [".name is missing"]
    assert list(shapes.problems(shouted, closed=True, names_in_any_case=True)) == []


def _problems(document: dict[str, Any]) -> list[str]:
    return list(shapes.problems(document, closed=True, names_in_any_case=False))
