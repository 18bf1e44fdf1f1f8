"""`GET …/supportcontact`: whom the customer calls, in Microsoft's shape (R1, R5, R7, R11; §2.3, §8, §9.1)."""

import base64
import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation
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
from tests.support_contacts.conftest import acting


@pytest.fixture
def api(world):
    return Caller(bearer(world.provider.organisation))


def get(api, subscription, **kwargs):
    return api.get(contact_uri(subscription), **kwargs)


def test_r1_trap_2_the_provider_is_the_contact_until_somebody_chooses(world, api):
    response = get(api, world.subscription)

    assert response.status_code == 200
    uri = contact_uri(world.subscription).removeprefix("/v1")
    assert response.json() == {
        "supportTenantId": str(world.provider.pk),
        "supportMpnId": "4391507",
        "name": "Fabrikam Distribution",
        "links": {"self": {"uri": uri, "method": "GET", "headers": []}},
        "attributes": {"etag": etag_of(world.subscription, 0), "objectType": "SupportContact"},
    }


def test_r7_the_partner_in_force_is_the_contact(world, api):
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    body = get(api, world.subscription).json()

    assert (body["supportTenantId"], body["name"]) == (str(world.trey.pk), "Trey Research")
    assert body["supportMpnId"] == world.trey.partner_id


@pytest.mark.parametrize("lost", ["suspended", "grant ended", "handed back", "moved on"])
def test_r7_a_choice_that_is_not_in_force_leaves_the_provider(world, api, lost):
    chosen = DesignationFactory(subscription=world.subscription, partner=world.trey)
    now = timezone.now()
    if lost == "suspended":
        PartnerSuspensionFactory(partner=world.trey)
    elif lost == "grant ended":
        DelegatedAdmin.objects.update(ends_at=now)
    elif lost == "handed back":
        chosen.hands_back_at = now
        chosen.save()
    else:
        chosen.ended_at, chosen.ended_as = now, "replaced"
        chosen.save()

    assert get(api, world.subscription).json()["supportTenantId"] == str(world.provider.pk)


def test_trap_1_r5_new_commerce_has_no_contact(world, api):
    world.subscription.is_new_commerce = True
    world.subscription.save()

    response = get(api, world.subscription)

    assert response.status_code == 404
    assert response.json()["data"] == ["new_commerce_not_supported"]


@pytest.mark.parametrize("status", ["expired", "disabled", "deleted"])
def test_trap_2_an_ended_subscription_still_answers(world, api, status):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    world.subscription.status, world.subscription.ended_at = status, timezone.now()
    world.subscription.save()

    assert get(api, world.subscription).json()["supportTenantId"] == str(world.trey.pk)


@pytest.mark.parametrize("status", ["none", "pending", "suspended"])
def test_trap_2_every_live_subscription_answers(world, api, status):
    world.subscription.status = status
    world.subscription.save()

    assert get(api, world.subscription).status_code == 200


def test_trap_6_a_partner_without_partnerid_has_no_member_for_it(world, api):
    world.provider.partner_id = ""
    world.provider.save()

    assert "supportMpnId" not in get(api, world.subscription).json()


def test_trap_13_leading_zeros_of_a_partnerid_stay(world, api):
    world.provider.partner_id = "0042"
    world.provider.save()

    assert get(api, world.subscription).json()["supportMpnId"] == "0042"


def test_the_etag_is_microsofts_and_a_header_too(world, api):
    response = get(api, world.subscription)

    etag = response.json()["attributes"]["etag"]
    said = json.loads(base64.b64decode(etag))
    assert said == {"id": world.subscription.microsoft_id, "version": 0}
    assert response["ETag"] == f'"{etag}"'


@pytest.mark.parametrize(
    "write",
    [
        str.upper,
        lambda text: f"{{{text}}}",
        lambda text: text.replace("-", ""),
        lambda text: f"{{{text.upper()}}}",
    ],
    ids=["upper", "braces", "no dashes", "upper in braces"],
)
def test_trap_5_ids_in_any_notation_and_the_link_in_ours(world, api, write):
    row = world.subscription
    path = (
        f"/v1/customers/{write(str(row.customer_id))}/subscriptions/{write(row.microsoft_id)}/supportcontact"
    )

    body = api.get(path).json()

    assert body["links"]["self"]["uri"] == contact_uri(row).removeprefix("/v1")


@pytest.mark.parametrize("path", ["/SupportContact", "//supportcontact/", "/supportcontact/"])
def test_trap_5_and_8_words_in_any_case_and_slashes_in_any_number(world, api, path):
    assert api.get(contact_uri(world.subscription).removesuffix("/supportcontact") + path).status_code == 200


def test_a_registered_subscription_is_found_by_our_id(world, api):
    row = SubscriptionFactory(
        provider=world.provider, customer=world.customer, microsoft_id=None, purchased_through="microsoft"
    )

    assert get(api, row).json()["attributes"]["etag"] == etag_of(row, 0)


# -- whose


def test_r11_a_foreign_providers_row_and_one_that_is_not_there_are_one_answer(world, api):
    foreign = SubscriptionFactory(customer=world.customer)
    CustomerRelationshipFactory(partner=foreign.provider, customer=world.customer)
    nowhere = SubscriptionFactory.build(customer=world.customer, provider=world.provider)

    answers = [get(api, row) for row in (foreign, nowhere)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["code"] == 20003
    with CaptureQueriesContext(connection) as first:
        get(api, foreign)
    with CaptureQueriesContext(connection) as second:
        get(api, nowhere)
    assert len(first) == len(second)


def test_r11_the_row_of_another_of_ones_customers_is_not_found_under_this_one(world, api):
    other = CustomerFactory()
    CustomerRelationshipFactory(partner=world.provider, customer=other)

    path = contact_uri(world.subscription).replace(str(world.customer.pk), str(other.pk))

    assert api.get(path).status_code == 404


def test_r12_neither_the_reseller_that_supports_it_nor_another_provider_reads_it(world):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)

    for partner in (world.trey, other):
        assert get(Caller(bearer(partner.organisation)), world.subscription).status_code == 404


def test_r11_without_a_relationship_to_the_customer_it_is_gone(world, api):
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    assert get(api, world.subscription).status_code == 404


@pytest.mark.parametrize("role", ["admin_agent", "helpdesk_agent", "sales_agent"])
def test_roles_that_read(world, role):
    assert get(Caller(bearer(world.provider.organisation, role)), world.subscription).status_code == 200


def test_a_role_that_does_not_read_is_403_and_only_where_the_row_is_its_own(world):
    api = Caller(bearer(world.provider.organisation, Role.BILLING_ADMIN))

    assert get(api, world.subscription).status_code == 403
    assert get(api, SubscriptionFactory()).status_code == 404


@pytest.mark.parametrize("text", ["not-an-id", "0", "%7B%7D", uuid.UUID(int=0)])
def test_ids_that_are_none_are_404(world, api, text):
    assert api.get(f"/v1/customers/{text}/subscriptions/{text}/supportcontact").status_code == 404


# -- speed


def test_the_contact_is_one_query_beside_the_door_whatever_is_stored(world, api):
    """Authentication, the limit, and the contact itself; the first call also notes the use of the credential."""
    get(api, world.subscription)
    counts = []
    for _more in range(3):
        with CaptureQueriesContext(connection) as asked:
            get(api, world.subscription)
        counts.append(len(asked))
        for _ in range(2):
            row = SubscriptionFactory(provider=world.provider, customer=world.customer)
            reseller = ResellerFactory()
            make_eligible(reseller, provider=world.provider, customer=world.customer)
            DesignationFactory(subscription=row, partner=reseller)
            started = timezone.now() - timedelta(days=60)
            DesignationFactory(
                subscription=world.subscription,
                partner=reseller,
                started_at=started,
                ended_at=started,
                ended_as="replaced",
            )
    assert counts == [3, 3, 3]


def test_a_providers_customers_are_not_all_read_for_one_of_them(world):
    """Whether it is visible is asked of the one row: with 100,000 customers a list of them took 0.2 s a call."""
    rows = Subscription.objects.visible_to(acting(world.admin_agent)).filter(pk=world.subscription.pk)

    assert " IN (SELECT" not in str(rows.query)
    assert rows.get() == world.subscription


def test_an_id_that_is_microsofts_of_one_and_ours_of_another_names_microsofts(world, api):
    """Wherever a subscription is named: the contact, the choice, the batch, the subscription itself."""
    ours = SubscriptionFactory(provider=world.provider, customer=world.customer)
    theirs = SubscriptionFactory(
        provider=world.provider, customer=world.customer, microsoft_id=str(ours.pk), offer_name="Microsoft's"
    )
    uri = f"/v1/customers/{world.customer.pk}/subscriptions/{ours.pk}"
    body = {"supportTenantId": str(world.trey.pk)}

    assert api.get(uri).json()["offerName"] == "Microsoft's"
    put = api.put(f"{uri}/supportcontact", body)
    assert put.status_code == 200
    assert api.get(f"{uri}/supportcontact").json()["name"] == "Trey Research"
    item = body | {"customerId": str(world.customer.pk), "subscriptionId": str(ours.pk)}
    said = api.post("/v1/supportcontacts/batch", {"items": [item]}).json()["items"][0]
    assert (said["status"], said["changed"]) == (200, False)
    assert [one.subscription_id for one in Designation.objects.all()] == [theirs.pk]
