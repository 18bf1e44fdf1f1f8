"""Admin rights asked for one of more resellers than a menu has room for."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import DelegatedAdmin
from tests.factories import (
    OrganisationFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)
from tests.pages import text
from tests.support_contacts.test_requests import new, rights


@pytest.fixture
def many(monkeypatch):
    """A menu of two has no room for the resellers these tests make."""
    monkeypatch.setattr("support_contacts.asking_for.LONGEST_MENU", 2)


def test_of_many_resellers_one_is_found_and_asked_for(signed_in, world, first_up, many):
    for number in range(3):
        ResellerRelationshipFactory(
            provider=world.provider,
            reseller=ResellerFactory(organisation=OrganisationFactory(name=f"Upland {number}")),
        )

    opened = signed_in.get(new(world))
    found = signed_in.get(new(world), {"find": "first up"})

    assert "<select" not in text(opened)
    assert "<textarea" not in text(opened)  # nothing is typed that choosing would lose
    assert opened.context["offered"].menu == [world.provider]  # nobody is listed before one is looked for
    assert [row.name for row in found.context["offered"].resellers] == [first_up.name]
    address = re.search(rf'href="([^"]*reseller={first_up.pk}[^"]*)"', text(found))[1]
    chosen = signed_in.get(address)
    assert f'name="reseller" value="{first_up.pk}"' in text(chosen)
    assert "<textarea" in text(chosen)
    assert "is not established" not in text(chosen)
    assert signed_in.post(new(world), rights(first_up)).status_code == 303
    assert DelegatedAdmin.objects.filter(relationship__partner=first_up).exists()


def test_of_many_resellers_what_was_typed_stays_where_it_is_refused(signed_in, world, first_up, many):
    ResellerRelationshipFactory.create_batch(3, provider=world.provider)

    refused = signed_in.post(
        new(world), rights(first_up, days="other", other_days="0", message="By telephone.")
    )

    assert refused.status_code == 422
    assert "By telephone." in text(refused)
    assert f'name="reseller" value="{first_up.pk}"' in text(refused)


@pytest.mark.parametrize(("find", "status"), [("x" * 101, 422), ("\u0301", 200)])
def test_of_many_resellers_a_search_that_means_nothing_finds_nobody(
    signed_in, world, first_up, many, find, status
):
    ResellerRelationshipFactory.create_batch(3, provider=world.provider)

    page = signed_in.get(new(world), {"find": find})

    assert page.status_code == status
    assert page.context["offered"].resellers == []
    assert ('id="id_find_error"' in text(page)) == (status == 422)


def test_of_many_resellers_one_that_is_not_established_is_said_to_be_so(signed_in, world, first_up, many):
    ResellerRelationshipFactory.create_batch(3, provider=world.provider)
    asked = ResellerFactory(organisation=OrganisationFactory(name="Asked"))
    ResellerRelationshipFactory(
        provider=world.provider,
        reseller=asked,
        established_at=None,
        requested_at=timezone.now(),
        lapses_at=timezone.now() + timedelta(days=5),
    )

    page = signed_in.get(new(world), {"reseller": asked.pk})
    found = signed_in.get(new(world), {"find": "asked"})

    assert "Your relationship with Asked is not established." in text(page)
    assert found.context["offered"].resellers == []
    assert "None of your established resellers matches “asked”." in text(found)


def test_what_is_asked_for_the_form_does_not_grow_with_resellers(signed_in, world, many):
    def asked(**query):
        with CaptureQueriesContext(connection) as queries:
            assert signed_in.get(new(world), query).status_code == 200
        return len(queries)

    ResellerRelationshipFactory.create_batch(3, provider=world.provider)
    signed_in.get("/")
    few = asked(), asked(find="a")
    ResellerRelationshipFactory.create_batch(6, provider=world.provider)

    assert (asked(), asked(find="a")) == few
