"""`…/supportcontact/candidates`: R3 and R4 as a program reads them, in the order of the picker."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import DelegatedAdmin
from support_contacts.api.candidates import NEXT_STEPS
from support_contacts.models import Reason, candidates
from tests.api.caller import Caller, bearer
from tests.factories import (
    DesignationFactory,
    PartnerFactory,
    PartnerSuspensionFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.api import contact_uri


@pytest.fixture
def api(world):
    return Caller(bearer(world.provider.organisation, "sales_agent"))


def items(api, subscription, **kwargs):
    response = api.get(contact_uri(subscription, "/candidates"), **kwargs)
    assert response.status_code == 200, response.json()
    return response.json()["items"]


def test_the_provider_first_and_marked_then_the_eligible(world, api):
    found = items(api, world.subscription)

    assert found[0] == {
        "supportTenantId": str(world.provider.pk),
        "supportMpnId": "4391507",
        "name": "Fabrikam Distribution",
        "eligible": True,
        "isDefault": True,
        "isCurrent": True,
    }
    assert {name: found[1][name] for name in ("supportTenantId", "eligible", "isCurrent", "location")} == {
        "supportTenantId": str(world.trey.pk),
        "eligible": True,
        "isCurrent": False,
        "location": "FR",
    }
    assert found[1]["until"].endswith("Z")
    assert len(found) == 2


def test_the_order_is_the_pickers(world, api):
    for number in range(3):
        eligible, other = ResellerFactory(name=f"B{2 - number}"), ResellerFactory(name=f"A{2 - number}")
        make_eligible(eligible, provider=world.provider, customer=world.customer)
        ResellerRelationshipFactory(provider=world.provider, reseller=other)
    world.subscription.reseller_of_record = ResellerFactory._meta.model.objects.get(
        organisation__name="B2"
    ).partner_id
    world.subscription.save()
    picker = candidates(
        world.provider,
        world.customer.pk,
        at=timezone.now(),
        of_record=world.subscription.reseller_of_record,
    )

    found = items(api, world.subscription)

    listed = [world.provider, *(c.partner for c in (*picker.eligible, *picker.unavailable))]
    assert [one["name"] for one in found] == [partner.name for partner in listed]
    assert [one["name"] for one in found][:2] == ["Fabrikam Distribution", "B2"]
    assert found[1]["isResellerOfRecord"] is True


def test_the_current_contact_is_marked(world, api):
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    assert [one["isCurrent"] for one in items(api, world.subscription)] == [False, True]
    PartnerSuspensionFactory(partner=world.trey)
    provider, trey = items(api, world.subscription)
    assert provider["isCurrent"] is True
    assert "isCurrent" not in trey


@pytest.mark.parametrize(
    ("said", "reason", "step"),
    [
        (
            {"ends_at": timezone.now() - timedelta(days=1)},
            "delegated_admin_expired",
            "request_delegated_admin",
        ),
        (
            {
                "established_at": None,
                "requested_at": timezone.now(),
                "lapses_at": timezone.now() + timedelta(5),
            },
            "delegated_admin_requested",
            "await_customer",
        ),
    ],
)
def test_r4_who_may_not_yet_has_one_reason_one_sentence_one_step(world, api, said, reason, step):
    DelegatedAdmin.objects.update(**said)

    trey = items(api, world.subscription)[1]

    assert (trey["eligible"], trey["reason"], trey["nextStep"]) == (False, reason, step)
    assert "Contoso" in trey["description"]
    assert trey["nextStepDescription"]
    assert trey["since"].endswith("Z")
    assert ("lapsesAt" in trey) == (step == "await_customer")


def test_r4_the_sentence_is_in_the_language_asked_for_and_the_codes_are_not(world, api):
    DelegatedAdmin.objects.all().delete()

    english = items(api, world.subscription)[1]
    french = items(api, world.subscription, headers={"X-Locale": "fr-FR"})[1]

    assert english["description"] != french["description"]
    assert english["reason"] == french["reason"] == "delegated_admin_missing"


def test_r4_every_reason_has_a_next_step():
    assert set(NEXT_STEPS) == set(Reason) - {Reason.HANDED_BACK}


def test_r3_a_related_partner_that_is_no_reseller_and_a_stranger_are_not_listed(world, api):
    ResellerFactory()
    partner = PartnerFactory(is_direct_partner=True)
    ResellerRelationshipFactory(provider=world.provider, reseller=partner)

    assert len(items(api, world.subscription)) == 2


def test_r5_new_commerce_has_none_and_an_ended_one_takes_none(world, api):
    uri = contact_uri(world.subscription, "/candidates")
    world.subscription.status, world.subscription.ended_at = "deleted", timezone.now()
    world.subscription.save()
    ended = api.get(uri)
    world.subscription.is_new_commerce = True
    world.subscription.save()
    modern = api.get(uri)

    assert (ended.status_code, ended.json()["data"]) == (400, ["subscription_ended"])
    assert (modern.status_code, modern.json()["data"]) == (404, ["new_commerce_not_supported"])


def test_r11_whose_and_who(world, api):
    assert api.get(contact_uri(SubscriptionFactory(), "/candidates")).status_code == 404
    trey = Caller(bearer(world.trey.organisation))
    assert trey.get(contact_uri(world.subscription, "/candidates")).status_code == 404
    billing = Caller(bearer(world.provider.organisation, "billing_admin"))
    assert billing.get(contact_uri(world.subscription, "/candidates")).status_code == 403
    assert api.put(contact_uri(world.subscription, "/candidates"), {}).status_code == 405


def test_queries_do_not_grow_with_resellers(world, api):
    items(api, world.subscription)
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as asked:
            items(api, world.subscription)
        counts.append(len(asked))
        for _ in range(3):
            make_eligible(ResellerFactory(), provider=world.provider, customer=world.customer)
            ResellerRelationshipFactory(provider=world.provider, reseller=ResellerFactory())
    # Credential and limit; then subscription, records, contact, and what the customer is called.
    assert counts == [6, 6]
