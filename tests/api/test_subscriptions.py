"""`GET /v1/customers/{id}/subscriptions…`: Microsoft's shape from our columns, and whose subscriptions they are."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.permissions import Role
from subscriptions import etags
from subscriptions.models import Status, Subscription
from tests.api.asking import refused
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    ProviderFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db

UNKNOWN = "0b7c4a91-33aa-4c39-8f00-7f7f1ad1c0de"
JAVA = {
    "status": {"none", "active", "suspended", "deleted"},
    "billingType": {"none", "usage", "license"},
    "billingCycle": {"unknown", "monthly", "annual", "none", "one_time"},
    "contractType": {"subscription"},
}
OFFER = "031c9e47-4802-4248-838e-778fb1d2cc05"


@pytest.fixture
def contoso(provider) -> CustomerRelationship:
    return CustomerRelationshipFactory(partner=provider, company_name="Contoso")


@pytest.fixture
def sold(contoso):
    """`sold(**columns)`: a subscription of Contoso's, sold by the caller."""
    return lambda **columns: SubscriptionFactory(
        provider=contoso.partner, customer=contoso.customer, **columns
    )


@pytest.fixture
def base(contoso) -> str:
    return f"/v1/customers/{contoso.customer_id}/subscriptions"


def one(client, base, row):
    response = client.get(f"{base}/{row.public_id}")
    assert response.status_code == 200, response.content
    return response.json()


def ids(response):
    assert response.status_code == 200, response.content
    return {item["id"] for item in response.json()["items"]}


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


# -- shape


def test_legacy_subscription_in_microsofts_shape(client, base, sold, contoso):
    """§2.2, traps 4, 6, 8, 9.1.10: camelCase, nothing null, dates with Z, relative links, an etag."""
    row = sold(
        offer_id=OFFER,
        offer_name="Office 365 Business Standard",
        friendly_name="Front desk",
        quantity=12,
        created_on=at(2020, 3, 2, 10, 11, 12, 130000),
        effective_start=at(2020, 3, 2),
        commitment_end=at(2029, 3, 15),
        billing_cycle="monthly",
        contract_type="subscription",
        reseller_of_record="0550123",
        order_id="b1c2d3e4-0000-4aaa-9bbb-ccccddddeeee",
    )
    uri = f"/customers/{contoso.customer_id}/subscriptions/{row.microsoft_id}"
    assert one(client, base, row) == {
        "id": row.microsoft_id,
        "offerId": OFFER,
        "offerName": "Office 365 Business Standard",
        "friendlyName": "Front desk",
        "quantity": 12,
        "unitType": "Licenses",
        "creationDate": "2020-03-02T10:11:12.130Z",
        "effectiveStartDate": "2020-03-02T00:00:00.000Z",
        "commitmentEndDate": "2029-03-15T00:00:00.000Z",
        "commitmentEndDateTime": "2029-03-15T00:00:00.000Z",
        "status": "active",
        "portalStatus": "active",
        "autoRenewEnabled": True,
        "hasPurchasableAddons": False,
        "isTrial": False,
        "billingType": "license",
        "billingCycle": "monthly",
        "contractType": "subscription",
        "partnerId": "0550123",
        "orderId": "b1c2d3e4-0000-4aaa-9bbb-ccccddddeeee",
        "links": {
            "offer": {"uri": f"/offers/{OFFER}?country=FR", "method": "GET", "headers": []},
            "self": {"uri": uri, "method": "GET", "headers": []},
        },
        "attributes": {"etag": etags.write(row.microsoft_id, 0), "objectType": "Subscription"},
    }


def test_new_commerce_in_microsofts_shape(client, base, sold):
    """Traps 1, 29: productType, product links, no etag; the end inclusive, and comparable in commitmentEndDateTime."""
    row = sold(
        is_new_commerce=True,
        offer_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        product_type_id="OnlineServicesNCE",
        product_type_name="Online services",
        commitment_end=at(2022, 1, 13),
        term_duration="P1Y",
    )
    body = one(client, base, row)
    assert body["productType"] == {"id": "OnlineServicesNCE", "displayName": "Online services"}
    assert body["attributes"] == {"objectType": "Subscription"}
    assert body["termDuration"] == "P1Y"
    assert (body["commitmentEndDate"], body["commitmentEndDateTime"]) == (
        "2022-01-13T00:00:00.000Z",
        "2022-01-13T23:59:59.000Z",
    )
    links = {name: found["uri"] for name, found in body["links"].items()}
    assert "offer" not in links
    assert links["product"] == "/products/CFQ7TTC0LH18?country=FR"
    assert links["sku"] == "/products/CFQ7TTC0LH18/skus/0001?country=FR"
    assert links["availability"] == "/products/CFQ7TTC0LH18/skus/0001/availabilities/CFQ7TTC0K971?country=FR"


def test_new_commerce_is_marked_whatever_is_known_of_it(client, base, sold):
    """Trap 1: clients tell the two commerces apart by productType."""
    body = one(client, base, sold(is_new_commerce=True))
    assert body["productType"]["id"] == "OnlineServicesNCE"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        *((status, status) for status in ("none", "active", "suspended", "deleted")),
        ("pending", "none"),
        ("disabled", "suspended"),
        ("expired", "deleted"),
    ],
)
def test_status_in_the_words_of_the_oldest_client(client, base, sold, stored, said):
    """Traps 7, 9.1.5: another word makes Java fail on the whole list; the true one stands beside it."""
    ended = timezone.now() if stored in (Status.EXPIRED, Status.DISABLED, Status.DELETED) else None
    body = one(client, base, sold(status=stored, ended_at=ended))
    assert (body["status"], body["portalStatus"]) == (said, stored)


@pytest.mark.parametrize(
    ("column", "stored", "member", "said", "beside"),
    [
        ("billing_cycle", "triennial", "billingCycle", "unknown", "triennial"),
        ("billing_cycle", "one_time", "billingCycle", "one_time", None),
        ("billing_cycle", "OneTime", "billingCycle", "one_time", "OneTime"),
        ("billing_type", "benefit", "billingType", "none", "benefit"),
        ("billing_type", "usage", "billingType", "usage", None),
        ("contract_type", "productKey", "contractType", None, "productKey"),
        ("contract_type", "subscription", "contractType", "subscription", None),
        ("billing_cycle", "", "billingCycle", None, None),
    ],
)
def test_enums_in_the_words_of_the_oldest_client(client, base, sold, column, stored, member, said, beside):
    """Traps 6, 7, 9.1.5: the true word beside it where it is another; nothing for nothing."""
    body = one(client, base, sold(**{column: stored}))
    assert body.get(member) == said
    assert body.get("portal" + member[0].upper() + member[1:]) == beside
    assert said is None or said in JAVA[member]


def test_nothing_blank_is_null(client, base, sold):
    """Traps 6, 9.1.10: numbers, booleans and the three dates are there whatever is known; never ends is 9999."""
    row = sold(
        created_on=None,
        effective_start=None,
        commitment_end=None,
        offer_name="",
        billing_type="",
        unit_type="",
    )
    body = one(client, base, row)
    assert body["commitmentEndDate"] == body["commitmentEndDateTime"] == "9999-12-10T00:00:00Z"
    assert body["creationDate"] == body["effectiveStartDate"]
    for name, value in body.items():
        assert value is not None
        assert value != "", name
    for name in ("quantity", "autoRenewEnabled", "hasPurchasableAddons", "isTrial"):
        assert type(body[name]) in (int, bool)
    start = datetime.fromisoformat(body["effectiveStartDate"])
    assert abs(start - row.recorded_at) < timedelta(milliseconds=2)


def test_support_contact_is_no_member_of_a_subscription(client, base, sold):
    """§2.2, trap 14: partnerId is the reseller of record, whoever is designated."""
    row = sold(reseller_of_record="5550123")
    DesignationFactory(subscription=row)
    text = json.dumps(one(client, base, row))
    assert "support" not in text.lower()
    assert '"partnerId": "5550123"' in text


def test_etag_follows_the_contact(client, base, sold):
    """§2.2: base64 of {"id","version"}; ours goes up with every change of the contact."""
    row = sold(contact_version=7)
    etag = one(client, base, row)["attributes"]["etag"]
    assert json.loads(base64.b64decode(etag)) == {"id": row.microsoft_id, "version": 7}
    for written in (etag, f'"{etag}"', f'W/"{etag}"'):
        assert etags.version_in(written, row.microsoft_id.upper()) == 7
    assert etags.version_in(etag, UNKNOWN) is None
    for nonsense in ("*", "", "é", "e30=", "W10=", "x" * 1000, base64.b64encode(b"[" * 300).decode()):
        assert etags.version_in(nonsense, row.microsoft_id) is None


def test_registered_subscription_has_its_own_id(client, base, sold):
    """R13: bought elsewhere, without an id of Microsoft's: ours stands for it, and opens it."""
    row = sold(microsoft_id=None, purchased_through="open", seller_name="Adatum")
    body = one(client, base, row)
    assert body["id"] == str(row.pk)
    assert body["links"]["self"]["uri"].endswith(str(row.pk))
    assert (body["portalPurchasedThrough"], body["portalSellerName"]) == ("open", "Adatum")
    assert client.get(f"/v1{body['links']['self']['uri']}").json() == body


# -- lists


def test_list_has_all_with_self_link_and_without_next(client, base, sold):
    """§9.1.11, trap 10."""
    rows = [sold() for _ in range(3)]
    body = client.get(base).json()
    assert {item["id"] for item in body["items"]} == {row.microsoft_id for row in rows}
    assert body["totalCount"] == 3
    assert body["links"] == {"self": {"uri": base.removeprefix("/v1"), "method": "GET", "headers": []}}
    assert body["attributes"] == {"objectType": "Collection"}
    assert [item["offerName"] for item in body["items"]] == sorted(row.offer_name for row in rows)


def test_list_is_paged_for_those_who_ask(client, base, sold):
    for _ in range(3):
        sold()
    first = client.get(f"{base}?size=2").json()
    rest = client.get(f"/v1{first['links']['next']['uri']}").json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 3
    assert "next" not in rest["links"]


def test_customer_without_subscriptions_has_an_empty_list(client, base):
    body = client.get(base).json()
    assert (body["totalCount"], body["items"]) == (0, [])


def test_every_list_can_be_read_by_java(client, base, sold):
    """Traps 7, 9.1.5: one unknown value fails the list, so every state there is stands in this one."""
    for status in Status:
        ended = timezone.now() if status in (Status.EXPIRED, Status.DISABLED, Status.DELETED) else None
        sold(
            status=status, ended_at=ended, billing_cycle="biennial", billing_type="benefit", contract_type="x"
        )
    for item in client.get(base).json()["items"]:
        for member, words in JAVA.items():
            assert item.get(member, min(words)) in words


def test_by_order(client, base, sold):
    """The order's id in any notation (trap 5); other ids as they are given."""
    guid = "b1c2d3e4-0000-4aaa-9bbb-ccccddddeeee"
    mine, modern = sold(order_id=guid), sold(order_id="1a2b3c4d5e6f")
    sold(order_id="another")
    assert ids(client.get(f"{base}?order_id={guid.upper()}")) == {mine.microsoft_id}
    assert ids(client.get(f"{base}?Order_ID=1a2b3c4d5e6f")) == {modern.microsoft_id}
    assert ids(client.get(f"{base}?order_id=unknown")) == set()


def test_by_partner_id_of_the_reseller_of_record(client, base, sold):
    """Traps 13, 14: digits as text, leading zeros count; it is the reseller of record's."""
    mine = sold(reseller_of_record="0550123")
    sold(reseller_of_record="550123")
    assert ids(client.get(f"{base}?mpn_id=0550123")) == {mine.microsoft_id}
    assert ids(client.get(f"{base}?MPN_ID=0550123&order_id=x")) == set()


@pytest.mark.parametrize("query", ["mpn_id=", "order_id=%20", "mpn_id=abc", "mpn_id=%D9%A3"])
def test_question_that_says_nothing_is_refused_by_name(client, base, query):
    refused(client.get(f"{base}?{query}"), 800002, query.partition("=")[0])


def test_addons_of_a_subscription(client, base, sold):
    """Those tied to it and those that name it; each leads to its parent."""
    parent, other = sold(), sold()
    tied = sold(parent=parent, parent_microsoft_id=parent.microsoft_id)
    loose = sold(parent_microsoft_id=parent.microsoft_id)
    sold(parent=other, parent_microsoft_id=other.microsoft_id)
    path = f"{base}/{parent.microsoft_id.upper()}/addons"
    body = client.get(path).json()
    assert {item["id"] for item in body["items"]} == {tied.microsoft_id, loose.microsoft_id}
    for item in body["items"]:
        assert item["parentSubscriptionId"] == parent.microsoft_id
        uri = item["links"]["parentSubscription"]["uri"]
        assert client.get(f"/v1{uri}").json()["id"] == parent.microsoft_id
    assert body["links"]["self"]["uri"] == f"{base.removeprefix('/v1')}/{parent.microsoft_id}/addons"
    assert ids(client.get(f"{base}/{tied.microsoft_id}/addons")) == set()
    refused(client.get(f"{base}/{UNKNOWN}/addons"), 20003, status=404)


# -- whose


@pytest.mark.parametrize("written", ["{id}", "{ID}", "{{{id}}}", "{plain}", "{own}"])
def test_subscription_by_id_in_every_notation(client, base, sold, written):
    """Trap 5; our own id opens it as well."""
    row = sold()
    mid = row.microsoft_id
    said = written.format(id=mid, ID=mid.upper(), plain=mid.replace("-", ""), own=row.pk)
    assert client.get(f"{base}/{said}").json()["id"] == mid


def test_only_what_the_caller_sold(client, base, sold, contoso, provider):
    """R12: what another partner sold the same customer, and what we sold another, is not there."""
    mine = sold()
    theirs = SubscriptionFactory(customer=contoso.customer)
    elsewhere = SubscriptionFactory(
        provider=provider, customer=CustomerRelationshipFactory(partner=provider).customer
    )
    assert ids(client.get(base)) == {mine.microsoft_id}
    for row in (theirs, elsewhere):
        refused(client.get(f"{base}/{row.microsoft_id}"), 20003, "not_found", status=404)
        refused(client.get(f"{base}/{row.pk}/addons"), 20003, status=404)


def test_same_microsoft_id_at_two_partners_is_two_rows(client, caller, base, sold, contoso):
    """DECISIONS 38: each partner reads its own."""
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=contoso.customer)
    mine = sold(offer_name="Ours")
    SubscriptionFactory(
        provider=other, customer=contoso.customer, microsoft_id=mine.microsoft_id, offer_name="Theirs"
    )
    assert one(client, base, mine)["offerName"] == "Ours"
    assert one(caller(other.organisation), base, mine)["offerName"] == "Theirs"


def test_foreign_and_unknown_subscription_are_one_answer(client, base, contoso):
    """R11: same body, same queries."""
    foreign = SubscriptionFactory(customer=contoso.customer)
    client.get(base)
    said = []
    for text in (foreign.microsoft_id, str(foreign.pk), UNKNOWN, "no-id-at-all"):
        with CaptureQueriesContext(connection) as captured:
            said.append((refused(client.get(f"{base}/{text}"), 20003, status=404), len(captured)))
    assert said[0] == said[1] == said[2]
    assert said[3][0] == said[0][0]


def test_ended_relationship_takes_its_subscriptions_along(client, base, sold, contoso):
    row = sold()
    CustomerRelationship.objects.filter(pk=contoso.pk).update(ended_at=timezone.now(), ended_as="ended")
    refused(client.get(base), 20002, status=404)
    refused(client.get(f"{base}/{row.microsoft_id}"), 20003, status=404)
    refused(client.get(f"{base}/{row.microsoft_id}/addons"), 20003, status=404)
    refused(client.get(f"{base}/{row.microsoft_id}/supportcontact"), 20003, status=404)


def test_roles_that_read_subscriptions(caller, organisation, base, sold):
    row = sold()
    integration = caller(organisation, Role.BILLING_ADMIN)
    for path in ("", f"/{row.microsoft_id}", f"/{row.microsoft_id}/addons"):
        refused(integration.get(base + path), 900150, status=403)
    assert caller(organisation, Role.SALES_AGENT).get(base).status_code == 200


# -- cost


def test_queries_do_not_grow_with_rows(client, base, sold):
    client.get(base)
    queries = []
    for count in (1, 2):
        parent = sold()
        for _ in range(count - 1):
            sold(parent=parent, parent_microsoft_id=parent.microsoft_id)
        tally = []
        for path in ("", f"/{parent.microsoft_id}", f"/{parent.microsoft_id}/addons"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(base + path).status_code == 200
            tally.append(len(captured))
        queries.append(tally)
    assert Subscription.objects.count() == 3
    assert queries[0] == queries[1]
    assert queries[0] <= [4, 4, 5]
