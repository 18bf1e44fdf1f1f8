"""`/v1/supportcontacts`: every choice of the caller, its filters and its pages (R8, R11)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.api.wire import instant
from portal.models import ResellerRelationship
from tests.api.caller import Caller, bearer
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.api import contact_uri, etag_of

LIST = "/v1/supportcontacts"


@pytest.fixture
def api(world):
    return Caller(bearer(world.provider.organisation, "sales_agent"))


def items(api, query="", **kwargs):
    response = api.get(LIST + query, **kwargs)
    assert response.status_code == 200, response.json()
    return response.json()["items"]


def designated(world, reseller=None, customer=None, **more):
    row = SubscriptionFactory(provider=world.provider, customer=customer or world.customer)
    return DesignationFactory(subscription=row, partner=reseller or world.trey, **more)


def stamp(moment):
    return instant(moment)


def test_a_choice_in_force(world, api):
    made = DesignationFactory(subscription=world.subscription, partner=world.trey)
    world.subscription.contact_version = 4
    world.subscription.save()
    trey = {
        "supportTenantId": str(world.trey.pk),
        "supportMpnId": world.trey.partner_id,
        "name": "Trey Research",
    }

    (item,) = items(api)

    assert item == {
        "customerId": str(world.customer.pk),
        "subscriptionId": world.subscription.microsoft_id,
        "supportContact": trey,
        "designated": trey,
        "inForce": True,
        "since": stamp(made.started_at),
        "until": stamp(DelegatedAdmin.objects.get().ends_at),
        "designatedAt": stamp(made.started_at),
        "channel": "portal",
        "version": 4,
        "links": {
            "self": {
                "uri": contact_uri(world.subscription).removeprefix("/v1"),
                "method": "GET",
                "headers": [],
            }
        },
        "attributes": {"etag": etag_of(world.subscription, 4), "objectType": "Designation"},
    }


def test_r8_a_choice_that_is_not_in_force_says_why_and_since_when(world, api):
    ended = timezone.now() - timedelta(days=3)
    DelegatedAdmin.objects.update(ends_at=ended)
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    (item,) = items(api)

    assert item["supportContact"]["name"] == "Fabrikam Distribution"
    assert item["designated"]["name"] == "Trey Research"
    assert (item["inForce"], item["reason"]) == (False, "delegated_admin_expired")
    assert item["since"] == stamp(ended)
    assert "until" not in item


def test_since_is_when_it_came_into_force_again(world, api):
    made = DesignationFactory(subscription=world.subscription, partner=world.trey)
    lifted = made.started_at + timedelta(days=5)
    PartnerSuspensionFactory(
        partner=world.trey, started_at=made.started_at + timedelta(days=2), ended_at=lifted
    )

    assert items(api)[0]["since"] == stamp(lifted)


def test_a_subscription_whose_contact_nobody_chose_is_not_listed(world, api):
    assert items(api) == []


# -- filters


def test_attention(world, api):
    suspended = ResellerFactory()
    make_eligible(suspended, provider=world.provider, customer=world.customer)
    stale = designated(world, suspended)
    held = designated(world)
    PartnerSuspensionFactory(partner=suspended)
    over = designated(world, suspended)
    over.subscription.status, over.subscription.ended_at = "deleted", timezone.now()
    over.subscription.save()

    for said in ("true", "TRUE", "1"):
        assert ids(items(api, f"?attention={said}")) == {stale.subscription.microsoft_id}
    for said in ("false", "", "0"):
        assert held.subscription.microsoft_id in ids(items(api, f"?Attention={said}"))


def ids(found):
    return {item["subscriptionId"] for item in found}


def test_partner_by_tenant_id_and_by_partnerid(world, api):
    alpine = ResellerFactory()
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    one, _other = designated(world), designated(world, alpine)

    for said in (world.trey.pk, str(world.trey.pk).upper(), world.trey.partner_id):
        assert ids(items(api, f"?partner={said}")) == {one.subscription.microsoft_id}
    for said in (ResellerFactory().partner_id, "999", world.provider.pk):
        assert items(api, f"?partner={said}") == []


def test_customer(world, api):
    customer = CustomerFactory()
    CustomerRelationshipFactory(partner=world.provider, customer=customer)
    designated(world)
    other = designated(world, customer=customer)

    assert ids(items(api, f"?customer={str(customer.pk).upper()}")) == {other.subscription.microsoft_id}


def test_changed_since_names_what_was_made(world, api):
    now = timezone.now()
    designated(world, started_at=now - timedelta(days=9))
    new = designated(world, started_at=now - timedelta(days=2))

    assert ids(items(api, f"?changedSince={stamp(now - timedelta(days=3))}")) == {
        new.subscription.microsoft_id
    }
    assert ids(items(api, f"?changedSince={stamp(new.started_at)[:-5]}Z")) == {new.subscription.microsoft_id}
    assert len(items(api, f"?changedSince={(now - timedelta(days=30)).date()}")) == 2


def test_changed_since_names_what_ended_and_who_is_the_contact_now(world, api):
    now = timezone.now()
    alpine = ResellerFactory(name="Alpine Ski House")
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    ended = designated(
        world,
        started_at=now - timedelta(days=30),
        ended_at=now - timedelta(days=1),
        ended_as="replaced",
    )
    DesignationFactory(subscription=ended.subscription, partner=alpine, started_at=now - timedelta(days=1))
    gone = designated(world, ended_at=now - timedelta(days=1), ended_as="declined")

    found = items(api, f"?changedSince={stamp(now - timedelta(days=2))}")

    said = {(item["designated"]["name"], item.get("endedAs")): item for item in found}
    assert set(said) == {
        ("Trey Research", "replaced"),
        ("Alpine Ski House", None),
        ("Trey Research", "declined"),
    }
    assert said["Trey Research", "replaced"]["supportContact"]["name"] == "Alpine Ski House"
    assert said["Trey Research", "declined"]["supportContact"]["name"] == "Fabrikam Distribution"
    assert said["Trey Research", "declined"]["inForce"] is False
    assert said["Trey Research", "declined"]["since"] == stamp(gone.ended_at)
    assert len(items(api)) == 1  # without it, only what stands


@pytest.mark.parametrize(
    "what", ["grant ends", "grant returns", "suspended", "lifted", "handed back", "related again"]
)
def test_changed_since_names_what_lost_or_regained_its_ground(world, api, what):
    """Nobody touched the choice; who is the contact changed all the same."""
    now = timezone.now()
    made = designated(world)
    grant = DelegatedAdmin.objects.get(relationship__partner=world.trey)
    recently = now - timedelta(days=1)
    if what == "grant ends":
        grant.ends_at = recently
    elif what == "grant returns":
        grant.established_at = recently
    elif what == "suspended":
        PartnerSuspensionFactory(partner=world.trey, started_at=recently)
    elif what == "lifted":
        PartnerSuspensionFactory(partner=world.trey, started_at=now - timedelta(days=9), ended_at=recently)
    elif what == "handed back":
        made.hands_back_at = recently
        made.save()
    else:
        ResellerRelationship.objects.update(established_at=recently)
    grant.save()

    assert len(items(api, f"?changedSince={stamp(now - timedelta(days=2))}")) == 1
    assert items(api, f"?changedSince={stamp(now - timedelta(hours=1))}") == []


def test_filters_go_together(world, api):
    made = designated(world)
    PartnerSuspensionFactory(partner=world.trey)
    query = f"?attention=true&PARTNER={world.trey.partner_id}&customer={world.customer.pk}&changedsince=2020-01-01"

    assert ids(items(api, query)) == {made.subscription.microsoft_id}
    assert items(api, query + "&size=1&partner=5") == []


@pytest.mark.parametrize("since", ["0001-01-01", "0001-01-01T00:00:00Z", "1899-12-31", "9999-12-31"])
def test_changed_since_the_ends_of_the_calendar(world, api, since):
    designated(world)

    assert len(items(api, f"?changedSince={since}")) == (since < "2000")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("attention=perhaps", "attention"),
        ("partner=Trey", "partner"),
        ("customer=17", "customer"),
        ("changedSince=yesterday", "changedSince"),
        ("size=501", "size"),
        ("size=-1", "size"),
        ("size=ten", "size"),
        ("continuationToken=nonsense", "continuation_token"),
    ],
)
def test_what_cannot_be_read_is_refused(world, api, query, reason):
    response = api.get(f"{LIST}?{query}")

    assert response.status_code == 400
    assert reason in response.json()["data"]


# -- pages


def test_trap_10_pages_by_token_in_both_places(world, api):
    made = [designated(world, started_at=datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 1, 2, 3, 3)]
    wanted = [
        row.subscription.microsoft_id
        for row in sorted(made, key=lambda r: (r.started_at, r.pk), reverse=True)
    ]
    seen, uri, headers = [], f"{LIST}?size=2", {}
    for _page in range(5):
        body = api.get(uri, headers=headers).json()
        seen += [item["subscriptionId"] for item in body["items"]]
        following = body["links"].get("next")
        assert (following is None) == ("continuationToken" not in body)
        if following is None:
            break
        (header,) = following["headers"]
        assert header == {"key": "MS-ContinuationToken", "value": body["continuationToken"]}
        # Java and PowerShell put /v1/ in front of the link: a double slash.
        uri, headers = "/v1/" + following["uri"], {header["key"]: header["value"]}
    assert seen == wanted
    assert len(body["items"]) == 1


@pytest.mark.parametrize("query", ["", "?size=0", "?Size=500"])
def test_trap_10_unsized_and_zero_are_one_large_page(world, api, query):
    for _ in range(3):
        designated(world)

    body = api.get(LIST + query).json()

    assert (body["totalCount"], len(body["items"])) == (3, 3)
    assert "next" not in body["links"]


# -- whose


def test_r11_only_ones_own(world, api):
    other = make_world_of_another()
    designated(other)
    designated(world)

    assert len(items(api)) == 1
    assert len(items(Caller(bearer(other.provider.organisation)))) == 1
    # What a reseller supports is its duty, not its choice.
    assert items(Caller(bearer(world.trey.organisation))) == []


def make_world_of_another():
    provider, customer, trey = ProviderFactory(), CustomerFactory(), ResellerFactory()
    CustomerRelationshipFactory(partner=provider, customer=customer)
    make_eligible(trey, provider=provider, customer=customer)
    return SimpleNamespace(provider=provider, customer=customer, trey=trey)


def test_r11_a_customer_one_has_no_relationship_with_any_more_is_gone(world, api):
    designated(world)
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    assert items(api) == []


def test_a_role_that_does_not_read_is_403(world):
    assert Caller(bearer(world.provider.organisation, "billing_admin")).get(LIST).status_code == 403


# -- speed


@pytest.mark.parametrize(
    ("query", "expected"), [("", 6), ("?attention=true", 6), ("?changedSince=2020-01-01", 6), ("?size=2", 6)]
)
def test_queries_do_not_grow_with_rows(world, api, query, expected):
    """Credential and limit; the page; three of records."""
    for _ in range(2):
        designated(world)
    PartnerSuspensionFactory(partner=world.trey)
    api.get(LIST + query)
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as asked:
            api.get(LIST + query)
        counts.append(len(asked))
        for _ in range(4):
            reseller, customer = ResellerFactory(), CustomerFactory()
            CustomerRelationshipFactory(partner=world.provider, customer=customer)
            make_eligible(reseller, provider=world.provider, customer=customer)
            designated(world, reseller, customer)
            PartnerSuspensionFactory(partner=reseller)
    assert counts == [expected, expected]
