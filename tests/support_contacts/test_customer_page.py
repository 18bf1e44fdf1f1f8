"""One customer's page: whom it calls for each subscription, and which resellers may be chosen."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    OrganisationFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import member


def address(world):
    return reverse("customers:detail", args=[world.customer.pk])


def shown(client, world, **query):
    response = client.get(address(world), query)
    assert response.status_code == 200
    return response.context["page"]


def text(client, world, **query):
    return " ".join(client.get(address(world), query).content.decode().split())


# -- facts


def test_facts_have_ids_to_copy_and_dates(signed_in, world):
    DelegatedAdminFactory(relationship=world.relationship, ends_at=timezone.now() + timedelta(days=200))

    content = text(signed_in, world)

    assert f'data-copy="{world.customer.pk}"' in content
    assert "Customer since" in content
    assert "until <time" in content


@pytest.mark.parametrize(
    ("grant", "state"),
    [
        ({}, "active"),
        ({"kind": "dap", "ends_at": None}, "active"),
        ({"ends_at": timezone.now() - timedelta(days=1)}, "expired"),
        ({"ended_at": timezone.now() - timedelta(days=1), "ended_as": "ended"}, "ended"),
        ({"established_at": None, "ends_at": None, "requested_at": timezone.now()}, "requested"),
    ],
)
def test_our_own_delegated_admin_says_its_state(signed_in, world, grant, state):
    DelegatedAdminFactory(relationship=world.relationship, **grant)

    assert shown(signed_in, world).delegated_admin_state == state


def test_the_longest_of_several_grants_counts(signed_in, world):
    DelegatedAdminFactory(relationship=world.relationship, ends_at=timezone.now() + timedelta(days=10))
    longest = DelegatedAdminFactory(
        relationship=world.relationship, ends_at=timezone.now() + timedelta(days=300)
    )

    page = shown(signed_in, world)

    assert page.delegated_admin == longest
    assert not page.delegated_admin_ends_soon


def test_no_delegated_admin_is_said(signed_in, world):
    assert shown(signed_in, world).delegated_admin_state == "none"


# -- subscriptions


def test_contact_of_each_subscription(signed_in, world):
    """Default, designated, fallback and new commerce, each in its words."""
    rows = [
        SubscriptionFactory(
            provider=world.provider, customer=world.customer, offer_name=name, is_new_commerce=modern
        )
        for name, modern in (("B designated", False), ("C fallback", False), ("D modern", True))
    ]
    DesignationFactory(subscription=rows[0], partner=world.trey)
    suspended = ResellerFactory(organisation=OrganisationFactory(name="Wingtip Toys"))
    make_eligible(suspended, provider=world.provider, customer=world.customer)
    PartnerSuspensionFactory(partner=suspended)
    DesignationFactory(subscription=rows[1], partner=suspended)

    page, content = shown(signed_in, world), text(signed_in, world)

    kinds = {row.subscription.name: row.contact.kind.value for row in page.rows}
    assert kinds == {
        "Microsoft 365 E3": "default",
        "B designated": "designated",
        "C fallback": "fallback",
        "D modern": "new_commerce",
    }
    for words in (
        "Default",
        "Falls back from Wingtip Toys",
        "None in new commerce",
        "Wingtip Toys is suspended since",
    ):
        assert words in content


def test_since_is_when_the_choice_began_to_hold_again(signed_in, world):
    """A choice that lapsed and came back is in force since it came back (R7)."""
    grant = world.trey.customer_relationships.get().delegated_admins.get()
    again = timezone.now() - timedelta(days=5)
    grant.ends_at = timezone.now() - timedelta(days=10)
    grant.save()
    DelegatedAdminFactory(relationship=grant.relationship, established_at=again)
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    assert shown(signed_in, world).rows[0].since == again


def test_addons_stand_under_their_parent(signed_in, world):
    for name in ("Audio Conferencing", "Teams Phone"):
        SubscriptionFactory(
            provider=world.provider, customer=world.customer, offer_name=name, parent=world.subscription
        )
    SubscriptionFactory(provider=world.provider, customer=world.customer, offer_name="Project Plan 3")

    rows = [(row.subscription.name, row.is_addon) for row in shown(signed_in, world).rows]

    assert rows == [
        ("Microsoft 365 E3", False),
        ("Audio Conferencing", True),
        ("Teams Phone", True),
        ("Project Plan 3", False),
    ]


def test_addon_of_an_addon_stands_alone(signed_in, world):
    """Nothing is lost, however deep it is tied: a table has two levels."""
    parent, rows = world.subscription, []
    for name in ("C", "A", "B"):
        parent = SubscriptionFactory(
            provider=world.provider, customer=world.customer, offer_name=name, parent=parent
        )
        rows.append(parent)

    page = shown(signed_in, world)

    assert {row.subscription for row in page.rows} == {world.subscription, *rows}
    assert {row.subscription.name: row.is_addon for row in page.rows} == {
        "Microsoft 365 E3": False,
        "C": True,
        "A": False,
        "B": False,
    }


def test_addons_of_each_other_are_both_there(signed_in, world):
    one, other = SubscriptionFactory.create_batch(2, provider=world.provider, customer=world.customer)
    for row, parent in ((one, other), (other, one)):
        row.parent = parent
        row.save()

    assert len(shown(signed_in, world).rows) == 3


def test_addon_of_an_ended_subscription_stands_alone(signed_in, world):
    parent = SubscriptionFactory(
        provider=world.provider, customer=world.customer, status="expired", ended_at=timezone.now()
    )
    addon = SubscriptionFactory(
        provider=world.provider, customer=world.customer, offer_name="A", parent=parent
    )

    page = shown(signed_in, world)

    first = page.rows[0]
    assert (first.subscription, first.is_addon) == (addon, False)
    assert [row.subscription for row in page.ended] == [parent]


def test_ended_ones_are_folded_away(signed_in, world):
    SubscriptionFactory(
        provider=world.provider, customer=world.customer, status="expired", ended_at=timezone.now()
    )

    page = shown(signed_in, world)

    assert len(page.live) == len(page.ended) == 1
    assert "1 ended subscription" in text(signed_in, world)


def test_chips_show_part_of_the_table(signed_in, world):
    modern = SubscriptionFactory(provider=world.provider, customer=world.customer, is_new_commerce=True)
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    assert [row.subscription for row in shown(signed_in, world, show="designated").rows] == [
        world.subscription
    ]
    assert [row.subscription for row in shown(signed_in, world, show="new-commerce").rows] == [modern]
    assert len(shown(signed_in, world, show="nonsense\0").rows) == 2


def test_bought_elsewhere_is_said(signed_in, world):
    SubscriptionFactory(
        provider=world.provider, customer=world.customer, purchased_through="enterprise_agreement"
    )

    content = text(signed_in, world)

    assert "registered for support only" in content
    assert "one bought elsewhere" in content


def test_other_partners_subscriptions_are_not_there(signed_in, world):
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    SubscriptionFactory(provider=other, customer=world.customer, offer_name="Canary offer")

    assert "Canary offer" not in text(signed_in, world)


# -- resellers


def test_resellers_say_how_they_stand_and_who_takes_the_step(signed_in, world):
    soon = ResellerFactory(organisation=OrganisationFactory(name="VanArsdel"))
    _related, grant = make_eligible(soon, provider=world.provider, customer=world.customer)
    grant.ends_at = timezone.now() + timedelta(days=25, hours=1)
    grant.save()
    missing = ResellerFactory(organisation=OrganisationFactory(name="First Up"))
    ResellerRelationshipFactory(provider=world.provider, reseller=missing)
    expired = ResellerFactory(organisation=OrganisationFactory(name="Tailspin"))
    _related, grant = make_eligible(expired, provider=world.provider, customer=world.customer)
    grant.ends_at = timezone.now() - timedelta(days=8)
    grant.save()

    page, content = shown(signed_in, world), text(signed_in, world)

    assert [row.candidate.partner.name for row in page.resellers] == [
        "Trey Research",
        "VanArsdel",
        "Tailspin",
        "First Up",
    ]
    assert [row.status for row in page.resellers][2:] == [
        "delegated_admin.expired",
        "delegated_admin.missing",
    ]
    assert "Ends in 2" in content
    assert "Delegated admin at Contoso expired" in content
    assert "Request again" in content
    assert "Request delegated admin" in content


def test_more_than_ten_resellers_fold(signed_in, world):
    for _ in range(11):
        ResellerRelationshipFactory(provider=world.provider)

    page = shown(signed_in, world)

    assert (len(page.resellers), len(page.more_resellers)) == (10, 2)


def test_negative_history_with_another_provider_is_not_told(signed_in, world):
    """What a reseller asked for another provider reads as missing (R4)."""
    reseller = ResellerFactory(organisation=OrganisationFactory(name="Bellows"))
    _related, grant = make_eligible(
        reseller, provider=world.provider, customer=world.customer, requested_for=ProviderFactory()
    )
    grant.ends_at = timezone.now() - timedelta(days=8)
    grant.save()

    statuses = {row.candidate.partner.name: row.status for row in shown(signed_in, world).resellers}

    assert statuses["Bellows"] == "delegated_admin.missing"


def test_every_status_word_exists():
    from portal.templatetags.statuses import STATUSES
    from support_contacts.customer_page import _STATUS
    from support_contacts.models import Reason

    assert set(_STATUS) == set(Reason) - {Reason.HANDED_BACK}  # never of a candidate
    assert set(_STATUS.values()) <= set(STATUSES)


def test_no_button_without_its_page(signed_in, world):
    content = text(signed_in, world)

    for word in ("End relationship", "Request a relationship", "Export"):
        assert word not in content
    assert reverse("customers:preview", args=[world.customer.pk]) in content


# -- the way back


def test_the_list_is_remembered(signed_in, world):
    back = "/customers/?q=con#c-1"

    content = text(signed_in, world, **{"from": back})

    assert f'href="{back}"' in content
    assert "?from=%2Fcustomers%2F%3Fq%3Dcon%23c-1" in content


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/customers/",
        "//evil.example",
        "/organisation/",
        "javascript:alert(1)",
        "x\0",
        "/customers/\n",
    ],
)
def test_any_other_way_back_is_forgotten(signed_in, world, back):
    assert shown(signed_in, world, **{"from": back}).origin == ""


# -- the doors, the queries


def test_not_visible_is_404_before_403(client, world):
    """Another partner's customer, an ended relationship, one that was never there: the same answer to every role."""
    ended = CustomerRelationshipFactory(partner=world.provider, ended_at=timezone.now(), ended_as="ended")
    requested = CustomerRelationshipFactory(
        partner=world.provider, established_at=None, requested_at=timezone.now()
    )
    foreign = CustomerRelationshipFactory(customer=CustomerFactory())
    for role in (Role.ADMIN_AGENT, Role.BILLING_ADMIN):
        client.force_login(member(world.provider.organisation, role).user)
        for tenant in (ended.customer_id, requested.customer_id, foreign.customer_id, uuid.uuid4()):
            assert client.get(reverse("customers:detail", args=[tenant])).status_code == 404


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_visible_but_not_for_this_role_is_403(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)

    assert client.get(address(world)).status_code == 403


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT, Role.SALES_AGENT])
def test_agents_see_it(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)

    assert client.get(address(world)).status_code == 200


def test_the_reseller_and_the_customer_have_no_such_page(client, world):
    for organisation in (world.trey.organisation, world.customer.organisation):
        client.force_login(member(organisation, Role.GLOBAL_ADMIN).user)
        assert client.get(address(world)).status_code == 404


def test_queries_do_not_grow_with_rows(signed_in, world, django_assert_num_queries):
    """Session, memberships; relationship, delegated admin, subscriptions, designations, the rule’s records, events."""
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    signed_in.get(address(world))
    with django_assert_num_queries(11):
        signed_in.get(address(world))
    for _ in range(2):
        reseller = ResellerFactory()
        make_eligible(reseller, provider=world.provider, customer=world.customer)
        subscription = SubscriptionFactory(provider=world.provider, customer=world.customer)
        DesignationFactory(subscription=subscription, partner=reseller)
    with django_assert_num_queries(11):
        assert len(shown(signed_in, world).rows) == 3
