"""The customer's page of its partners: it answers what it read, sees who may act for it, and ends it (R10, R12)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations import request_customer, withdraw_request
from portal.models import Action, AuditEvent, State
from portal.permissions import Role
from support_contacts.models import Designation
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import member

LIST = "/partner-relationships/"


@pytest.fixture
def admin(client, world):
    """The customer's global admin, signed in."""
    person = member(world.customer.organisation, Role.GLOBAL_ADMIN, name="Contoso admin")
    client.force_login(person.user)
    return client


@pytest.fixture
def first_up(world):
    row = ResellerFactory(organisation=OrganisationFactory(name="First Up Consultants"))
    ResellerRelationshipFactory(provider=world.provider, reseller=row)
    return row


@pytest.fixture
def asked(world, agent, first_up):
    return request_customer(
        world.customer, partner=first_up, days=365, acting=agent, message="Teams telephony from January."
    )


def answer(client, made, how, **fields):
    named = {"grant": [made.grant.pk]} if made.grant else {}
    return client.post(
        reverse(f"partner_relationships:{how}", args=[made.relationship.pk]), {**named, **fields}
    )


def partner_url(partner, name="detail"):
    return reverse(f"partner_relationships:{name}", args=[partner.pk])


def state_of(row):
    row.refresh_from_db()
    return row.state(timezone.now())


# -- who asks


def test_a_request_says_who_asks_what_it_grants_and_until_when(admin, asked):
    content = text(admin.get(LIST))

    until = timezone.localtime(timezone.now() + timedelta(days=365))
    assert "<bdi>First Up Consultants</bdi> asks for admin rights" in content
    assert "Requested by <bdi>Fabrikam Distribution</bdi> on" in content
    assert "may act as admin in <bdi>Contoso</bdi> <b>until" in content
    assert "(365 days)" in content
    assert f'datetime="{until.date().isoformat()}"' in content
    assert "may name it as your support contact." in content
    assert "Teams telephony from January." in content
    assert f'id="request-{asked.grant.pk}"' in content


def test_who_asked_is_told_by_organisation_only(admin, asked):
    """People of another organisation are not named to the customer."""
    assert "Admin agent" not in admin.get(LIST).content.decode()


def test_a_relationship_alone_promises_no_admin_rights(admin, world, agent):
    proseware = ProviderFactory(organisation=OrganisationFactory(name="Proseware"))
    CustomerRelationshipFactory(
        partner=proseware,
        customer=world.customer,
        established_at=None,
        requested_at=timezone.now(),
        lapses_at=timezone.now() + timedelta(days=90),
    )

    content = text(admin.get(LIST))

    assert "<bdi>Proseware</bdi> asks for a relationship" in content
    assert "<b>until" not in content
    assert "Accept until" not in content


def test_an_extension_says_what_there_is_already(admin, world, agent):
    DelegatedAdminFactory(relationship=world.relationship, ends_at=timezone.now() + timedelta(days=20))
    request_customer(world.customer, partner=world.provider, days=365, acting=agent)

    content = text(admin.get(LIST))

    assert "<bdi>Fabrikam Distribution</bdi> asks to keep its admin rights" in content
    assert "Now it may until" in content


def test_accepting_makes_it_so_and_says_until_when(admin, asked, first_up):
    response = answer(admin, asked, "accept")

    assert (response.status_code, response.url) == (303, LIST)
    assert state_of(asked.grant) == state_of(asked.relationship) == State.ESTABLISHED
    content = text(admin.get(LIST))
    assert "Accepted. First Up Consultants has admin rights until" in content
    assert "asks for admin rights" not in content


def test_declining_closes_it(admin, asked):
    response = answer(admin, asked, "decline")

    assert response.status_code == 303
    assert state_of(asked.grant) == state_of(asked.relationship) == State.DECLINED
    assert "Declined." in text(admin.get(LIST))


def test_a_page_that_is_old_answers_nothing_unread(admin, asked, agent, world, first_up):
    withdraw_request(asked.relationship, acting=agent)
    request_customer(world.customer, partner=first_up, days=730, acting=agent)

    answer(admin, asked, "accept")

    assert "Nothing was accepted." in text(admin.get(LIST))
    assert not DelegatedAdmin.objects.filter(
        established_at__isnull=False, relationship__partner=first_up
    ).exists()


def test_getting_an_answers_address_changes_nothing(admin, asked):
    for how in ("accept", "decline"):
        assert (
            admin.get(reverse(f"partner_relationships:{how}", args=[asked.relationship.pk])).status_code
            == 405
        )
    assert state_of(asked.grant) == State.REQUESTED


def test_a_service_support_admin_reads_and_does_not_answer(client, world, asked):
    person = member(world.customer.organisation, Role.SERVICE_SUPPORT_ADMIN)
    client.force_login(person.user)

    content = text(client.get(LIST))

    assert "A global admin of <bdi>Contoso</bdi> can answer this." in content
    assert "Accept until" not in content
    assert answer(client, asked, "accept").status_code == 403
    assert client.post(partner_url(world.trey, "end-rights")).status_code == 403
    assert client.get(partner_url(world.trey, "end")).status_code == 403
    assert state_of(asked.grant) == State.REQUESTED


def test_another_customer_and_the_partners_find_nothing(client, world, asked, admin):
    other = CustomerFactory(organisation=OrganisationFactory(name="Northwind"))
    for organisation in (other.organisation, world.provider.organisation):
        client.force_login(member(organisation, Role.GLOBAL_ADMIN).user)
        assert answer(client, asked, "accept").status_code == 404
        assert client.get(partner_url(world.trey)).status_code == 404
    assert state_of(asked.grant) == State.REQUESTED


def test_an_answer_for_another_organisation_is_a_conflict(admin, asked):
    response = answer(admin, asked, "accept", organisation=CustomerFactory().pk)

    assert response.status_code == 409
    assert state_of(asked.grant) == State.REQUESTED


# -- who may act


def test_every_partner_with_its_rights_and_what_it_sells_and_supports(admin, world):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    SubscriptionFactory(provider=world.provider, customer=world.customer, is_new_commerce=True)
    SubscriptionFactory(
        provider=world.provider, customer=world.customer, status="deleted", ended_at=timezone.now()
    )

    rows = {row.partner.name: row for row in admin.get(LIST).context["page"].partners}

    assert list(rows) == ["Fabrikam Distribution", "Trey Research"]
    assert (rows["Fabrikam Distribution"].sells, rows["Fabrikam Distribution"].supports) == (2, 1)
    assert (rows["Trey Research"].sells, rows["Trey Research"].supports) == (0, 1)
    assert rows["Fabrikam Distribution"].rights == "delegated_admin.none"
    assert rows["Trey Research"].rights == "delegated_admin.active"


def test_rights_that_end_within_31_days_warn(admin, world):
    DelegatedAdmin.objects.update(ends_at=timezone.now() + timedelta(days=25, hours=1))

    assert "Ends in 2" in text(admin.get(LIST))


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"ends_at": timezone.now() - timedelta(days=1)}, "expired"),
        ({"ended_at": timezone.now() - timedelta(days=1), "ended_as": "ended"}, "ended"),
    ],
)
def test_rights_that_are_over_say_how(admin, world, change, state):
    DelegatedAdmin.objects.update(**change)

    row = next(row for row in admin.get(LIST).context["page"].partners if row.partner == world.trey)

    assert row.rights == f"delegated_admin.{state}"


def test_no_partners_yet(client, db):
    client.force_login(member(CustomerFactory().organisation, Role.GLOBAL_ADMIN).user)

    assert "No partners yet" in text(client.get(LIST))


def test_the_page_of_a_partner(admin, world):
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    content = text(admin.get(partner_url(world.trey)))

    assert "You call it for" in content
    assert "Microsoft 365 E3" in content
    assert partner_url(world.trey, "end-rights") in content


def test_queries_do_not_grow_with_partners(admin, world, agent, django_assert_num_queries):
    for number in range(6):
        reseller = ResellerFactory()
        ResellerRelationshipFactory(provider=world.provider, reseller=reseller)
        relationship = CustomerRelationshipFactory(partner=reseller, customer=world.customer)
        DelegatedAdminFactory(relationship=relationship, requested_for=world.provider)
        DesignationFactory(
            subscription=SubscriptionFactory(provider=world.provider, customer=world.customer),
            partner=reseller,
        )
        if number % 2:
            request_customer(world.customer, partner=reseller, days=30, acting=agent)
    admin.get(LIST)
    with django_assert_num_queries(9):
        assert admin.get(LIST).status_code == 200


# -- ends


def test_ending_admin_rights_says_the_effect_and_does_it(admin, world):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    url = partner_url(world.trey, "end-rights")

    before = text(admin.get(url))
    response = admin.post(url)

    assert "1 subscription goes back to <bdi>Fabrikam Distribution</bdi> at once" in before
    assert (response.status_code, response.url) == (303, partner_url(world.trey))
    assert not DelegatedAdmin.objects.active(timezone.now()).exists()
    after = text(admin.get(partner_url(world.trey)))
    assert "Admin rights ended. For 1 subscription you now call Fabrikam Distribution." in after
    assert Designation.objects.needs_attention(timezone.now()).exists()
    assert AuditEvent.objects.get().action == Action.DELEGATED_ADMIN_ENDED


def test_ending_admin_rights_twice_changes_nothing(admin, world):
    url = partner_url(world.trey, "end-rights")
    admin.post(url)

    assert admin.post(url).status_code == 303
    assert "Nothing was changed." in text(admin.get(partner_url(world.trey)))
    assert AuditEvent.objects.count() == 1
    assert admin.get(url).status_code == 303


def test_ending_a_resellers_relationship_ends_its_rights(admin, world):
    url = partner_url(world.trey, "end")

    assert "The admin rights of <bdi>Trey Research</bdi>" in text(admin.get(url))
    response = admin.post(url, {"note": "We part as friends."})

    assert (response.status_code, response.url) == (303, LIST)
    assert "The relationship with Trey Research is ended." in text(admin.get(LIST))
    assert admin.get(partner_url(world.trey)).status_code == 404
    assert (
        AuditEvent.objects.get(action=Action.CUSTOMER_RELATIONSHIP_ENDED).note.text == "We part as friends."
    )
    again = admin.post(url)
    assert again.status_code == 303
    assert "ended before. Nothing was changed." in text(admin.get(LIST))


def test_a_sellers_end_is_blocked_and_says_by_which(admin, world):
    url = partner_url(world.provider, "end")

    content = text(admin.get(url))
    response = admin.post(url)

    assert "still has 1 live subscription from" in content
    assert "<bdi>Microsoft 365 E3</bdi>" in content
    assert 'aria-disabled="true"' in content
    assert response.status_code == 409
    assert "Not ended." in text(response)
    assert state_of(world.relationship) == State.ESTABLISHED


def test_a_sellers_end_without_live_subscriptions(admin, world):
    world.subscription.status, world.subscription.ended_at = "deleted", timezone.now()
    world.subscription.save()
    registered = SubscriptionFactory(
        provider=world.provider, customer=world.customer, purchased_through="microsoft", microsoft_id=None
    )

    response = admin.post(partner_url(world.provider, "end"))

    assert response.status_code == 303
    registered.refresh_from_db()
    assert not registered.is_live
    assert CustomerRelationship.objects.get(pk=world.relationship.pk).ended_as == "ended"


def test_a_note_that_is_too_long_comes_back(admin, world):
    response = admin.post(partner_url(world.trey, "end-rights"), {"note": "x" * 1001})

    assert response.status_code == 422
    assert "x" * 1001 in response.content.decode()
    assert DelegatedAdmin.objects.active(timezone.now()).exists()


def test_two_worlds_that_differ_only_in_another_customer_are_byte_equal(admin, world, agent, asked):
    """R12: what partners do elsewhere is not on this page."""

    def page():
        return admin.get(LIST).content.decode().split("<main")[1].split("csrfmiddlewaretoken")[0]

    first = page()
    other = CustomerFactory(organisation=OrganisationFactory(name="Northwind"))
    CustomerRelationshipFactory(partner=world.trey, customer=other)
    DelegatedAdminFactory(relationship=CustomerRelationshipFactory(partner=world.provider, customer=other))
    request_customer(other, partner=world.provider, days=30, acting=agent)

    assert page() == first
