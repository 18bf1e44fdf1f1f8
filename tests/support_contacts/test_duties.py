"""What a reseller sees of its duties: details while they hold, afterwards who, what, from and until (R11)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.keyset import Cursor
from portal.permissions import Role
from support_contacts.views import duties as view
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.pages import text


@pytest.fixture
def trey(db):
    return ResellerFactory(organisation=OrganisationFactory(name="Trey Research"))


@pytest.fixture
def agent(client, trey):
    client.force_login(MembershipFactory(organisation=trey.organisation, roles=[Role.ADMIN_AGENT]).user)
    return client


def duty(trey, **extra):
    """A designation of Trey Research that holds, and its subscription."""
    provider = ProviderFactory(organisation=OrganisationFactory(name="Fabrikam Distribution"))
    customer = CustomerFactory(organisation=OrganisationFactory(name="Name another partner gave"))
    CustomerRelationshipFactory(
        partner=provider,
        customer=customer,
        company_name="Contoso",
        alias="The difficult ones",
        domain="contoso.example",
    )
    make_eligible(trey, provider=provider, customer=customer)
    row = SubscriptionFactory(
        provider=provider,
        customer=customer,
        offer_name="Microsoft 365 E3",
        friendly_name="Head office",
        quantity=250,
        reseller_of_record="7770001777",
    )
    return DesignationFactory(subscription=row, partner=trey, **extra)


def lapse(trey):
    for related in trey.customer_relationships.all():
        related.delegated_admins.update(ends_at=timezone.now() - timedelta(hours=1))


def test_duties_in_force_tell_customer_offer_quantity_status_seller_and_since(agent, trey):
    made = duty(trey)
    html = text(agent.get("/duties/"))
    for shown in (
        "Contoso",
        "contoso.example",
        str(made.subscription.customer_id),
        "France",
        "Microsoft 365 E3",
    ):
        assert shown in html
    assert "250 licences" in html
    assert "Fabrikam Distribution" in html
    assert "Active" in html


def test_duties_never_tell_the_alias_the_nickname_or_another_partners_name(agent, trey):
    duty(trey)
    html = text(agent.get("/duties/"))
    for hidden in ("The difficult ones", "Head office", "Name another partner gave", "7770001777"):
        assert hidden not in html


def test_duties_that_no_longer_hold_tell_no_details(agent, trey):
    made = duty(trey)
    lapse(trey)
    html = text(agent.get("/duties/"))
    assert "Contoso" in html
    assert "Not in force" in html
    assert "Delegated admin expired, since" in html
    for hidden in (
        "contoso.example",
        str(made.subscription.customer_id),
        "250 licences",
        "Fabrikam Distribution",
    ):
        assert hidden not in html


def test_duties_that_ended_stand_under_earlier_with_their_dates(agent, trey):
    duty(trey, ended_at=timezone.now() - timedelta(days=2), ended_as="back_to_provider")
    assert "You support nothing yet" in text(agent.get("/duties/"))
    html = text(agent.get("/duties/", {"show": "earlier"}))
    assert "Contoso" in html
    assert "Until" in html
    assert "250 licences" not in html


def test_duties_of_no_time_at_all_are_not_shown(agent, trey):
    instant = timezone.now() - timedelta(days=2)
    duty(trey, started_at=instant, ended_at=instant, ended_as="replaced")
    assert "Nothing ended yet" in text(agent.get("/duties/", {"show": "earlier"}))


def test_duties_of_an_ended_subscription_stand_under_earlier(agent, trey):
    row = duty(trey).subscription
    row.status, row.ended_at = "expired", timezone.now() - timedelta(days=1)
    row.save()
    assert "You support nothing yet" in text(agent.get("/duties/"))
    assert "Microsoft 365 E3" in text(agent.get("/duties/", {"show": "earlier"}))


def test_duties_of_another_reseller_are_not_shown(agent, trey):
    duty(ResellerFactory())
    assert "Contoso" not in text(agent.get("/duties/"))
    assert "Contoso" not in text(agent.get("/duties/", {"show": "earlier"}))


def test_duties_page_by_keyset_both_ways(agent, trey, monkeypatch):
    monkeypatch.setattr(view, "PAGE", 2)
    first = duty(trey, started_at=timezone.now() - timedelta(days=50))
    for number in range(4):
        row = SubscriptionFactory(
            provider=first.provider, customer=first.subscription.customer, offer_name=f"Offer {number}"
        )
        DesignationFactory(
            subscription=row, partner=trey, started_at=first.started_at + timedelta(days=number // 2)
        )
    seen, address = [], "/duties/"
    pages = []
    while address:
        response = agent.get(address)
        pages.append([made.designation.pk for made in response.context["duties"]])
        seen += pages[-1]
        address = f"/duties/{response.context['older_url']}" if response.context["older_url"] else ""
    assert len(seen) == len(set(seen)) == 5
    back = agent.get(f"/duties/{response.context['newer_url']}")
    assert [made.designation.pk for made in back.context["duties"]] == pages[1]


@pytest.mark.parametrize(
    "key", ["nonsense", "2026-01-01~x", "9999-99-99~00000000-0000-4000-8000-000000000000", "\x00"]
)
def test_duties_with_a_broken_key_show_the_first_page(agent, trey, key):
    duty(trey)
    assert "Contoso" in text(agent.get("/duties/", {"after": key}))


@pytest.mark.parametrize("key", ["nonsense", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_duties_with_a_forged_cursor_are_a_page_without_rows(agent, trey, key):
    made = duty(trey)
    forged = str(Cursor(key, made.pk, 1))
    assert agent.get("/duties/", {"after": forged}).context["duties"] == []


@pytest.mark.parametrize(("role", "status"), [(Role.SALES_AGENT, 200), (Role.BILLING_ADMIN, 403)])
def test_duties_by_role(client, trey, role, status):
    client.force_login(MembershipFactory(organisation=trey.organisation, roles=[role]).user)
    assert client.get("/duties/").status_code == status


def test_duties_are_not_a_page_of_customers_or_providers(client, db):
    for organisation in (CustomerFactory().organisation, ProviderFactory().organisation):
        client.force_login(MembershipFactory(organisation=organisation).user)
        assert client.get("/duties/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_duties_ask_the_same_questions_whatever_their_number(agent, trey, count, django_assert_num_queries):
    for _ in range(count):
        duty(trey)
    agent.get("/duties/")
    # Session, person with memberships; designations, whether they hold, the providers' names, agreements; the bell.
    with django_assert_num_queries(7):
        agent.get("/duties/")
    lapse(trey)
    # Those that do not hold need their records to say why: relationships, grants, suspensions.
    with django_assert_num_queries(9):
        agent.get("/duties/")
