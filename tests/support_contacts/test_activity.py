"""The activity log: whose events, and how its pages turn."""

from urllib.parse import parse_qs, urlsplit

import pytest

from portal.actor import Actor
from portal.models import Action, Credential
from portal.permissions import ROLES, Role
from support_contacts.activity import listing
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    ProviderFactory,
    SubscriptionFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, member
from tests.support_contacts.log import DAY, HOUR, NOW, URL, entry, shown, write

# -- who may, and whose


@pytest.mark.parametrize("role", [role.value for role in ROLES if role != Role.SERVICE_SUPPORT_ADMIN])
def test_only_global_admins_and_admin_agents_of_a_partner_read_it(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)
    may = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)

    for address in (URL, "/activity/export/"):
        response = client.get(address)
        assert response.status_code == (200 if may else 403)
        if not may:
            assert "Global admin and Admin agent" in text(response)
    assert ("Activity" in text(client.get("/organisation/"))) == may


@pytest.mark.parametrize(("role", "status"), [("global_admin", 200), ("service_support_admin", 403)])
def test_a_customers_global_admin_reads_the_customers_own(client, world, agent, role, status):
    customer = world.customer.organisation
    person = member(customer, role, name="Their admin")
    own = write(acting(person), Action.MEMBER_INVITED, after={"roles": ["global_admin"]})
    write(agent, Action.CONTACT_REPORT_ANSWERED, customer_id=customer.pk)
    client.force_login(person.user)

    response = client.get(URL)

    assert response.status_code == status
    if status == 200:
        assert [one.event.pk for one in response.context["list"].entries] == [own.pk]
        assert 'name="customer"' not in text(response)


def test_a_resellers_agent_reads_the_resellers_own(client, world, agent):
    theirs = acting(member(world.trey.organisation, Role.ADMIN_AGENT))
    own = write(theirs, Action.SUPPORT_PROFILE_CHANGED)
    write(agent)
    # What a reseller does with its duties is its provider's event.
    write(theirs, Action.DESIGNATION_ACKNOWLEDGED, organisation=world.provider.organisation)
    client.force_login(theirs.user)

    assert shown(client) == [own.pk]


def test_no_filter_reaches_another_organisations_event(signed_in, world, agent):
    """Another provider of the same customer, with the same person, customer and subscription in its events."""
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    subscription = SubscriptionFactory(provider=other, customer=world.customer)
    stranger = acting(member(other.organisation, Role.ADMIN_AGENT, name="Stranger"))
    about = {"customer_id": world.customer.pk, "subscription_id": subscription.pk}
    write(stranger, Action.DESIGNATION_MADE, note="Theirs", **about)
    own = write(agent, Action.DESIGNATION_MADE, customer_id=world.customer.pk)

    assert shown(signed_in) == [own.pk]
    assert shown(signed_in, customer=world.customer.pk) == [own.pk]
    for query in (
        {"person": stranger.user.pk},
        {"subscription": subscription.pk},
        {"subscription": subscription.microsoft_id},
        {"subscription": subscription.pk, "action": "designation.made"},
    ):
        response = signed_in.get(URL, query)
        assert response.context["list"].entries == []
        assert "Stranger" not in text(response)
        assert subscription.name not in text(response)
        assert "Theirs" not in b"".join(signed_in.get("/activity/export/", query)).decode()


def test_of_another_organisations_people_nobody_is_told_or_found(signed_in, world):
    theirs = acting(member(world.trey.organisation, Role.ADMIN_AGENT, name="Their Person"))
    event = write(theirs, Action.DESIGNATION_ACKNOWLEDGED, organisation=world.provider.organisation)

    assert entry(signed_in, event).who == "Trey Research"
    html = text(signed_in.get(URL))
    assert "Their Person" not in html
    assert str(theirs.user.pk) not in html
    assert shown(signed_in, person=theirs.user.pk) == []
    assert str(theirs.user.pk) not in b"".join(signed_in.get("/activity/export/")).decode()


def test_a_customer_that_acts_is_called_what_its_partner_calls_it(signed_in, world):
    """Its own name for itself is its own; on every other page of ours it is the name we gave it."""
    world.relationship.alias = "Our Contoso"
    world.relationship.save()
    admin = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN, name="Their admin"))
    event = write(
        admin,
        Action.CUSTOMER_RELATIONSHIP_ESTABLISHED,
        organisation=world.provider.organisation,
        customer_id=world.customer.pk,
    )

    assert entry(signed_in, event).who == "Our Contoso"
    assert ",Contoso," not in b"".join(signed_in.get("/activity/export/")).decode()


# -- pages


def test_pages_turn_by_key_while_events_arrive(signed_in, agent, monkeypatch):
    """Of events of one instant too: the id decides."""
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    written = [write(agent, at=NOW - HOUR * (number // 2)) for number in range(5)]
    newest_first = [one.pk for one in sorted(written, key=lambda one: (one.at, one.pk), reverse=True)]

    first = signed_in.get(URL, {"channel": "portal"}).context["list"]
    assert [one.event.pk for one in first.entries] == newest_first[:2]
    assert first.previous_url == ""
    assert first.summary == "1–2 of 5 events"

    write(agent, at=NOW + HOUR)
    second = signed_in.get(first.next_url).context["list"]
    assert [one.event.pk for one in second.entries] == newest_first[2:4]
    assert parse_qs(urlsplit(second.next_url).query)["channel"] == ["portal"]

    third = signed_in.get(second.next_url).context["list"]
    assert [one.event.pk for one in third.entries] == newest_first[4:]
    assert third.next_url == ""
    assert [one.event.pk for one in signed_in.get(third.previous_url).context["list"].entries] == (
        newest_first[2:4]
    )


def test_a_fragment_is_the_form_and_the_rows_alone(signed_in, agent):
    write(agent)

    html = signed_in.get(URL, {"channel": "portal"}, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in html
    assert 'id="results"' in html
    assert 'name="since"' in html
    assert "Policy on designations that no longer hold changed" in html


def test_nothing_yet_and_nothing_found(signed_in, agent):
    assert "Nothing happened yet" in text(signed_in.get(URL))
    write(agent)
    html = text(signed_in.get(URL, {"channel": "api"}))
    assert "No event matches these filters" in html
    assert "Clear search and filters" in html


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_questions_does_not_grow(signed_in, world, agent, count, django_assert_num_queries):
    boss = acting(member(world.provider.organisation, Role.GLOBAL_ADMIN))
    subject = member(world.provider.organisation, Role.SALES_AGENT)
    credential = Credential.objects.create(
        organisation=world.provider.organisation, name="Sync", role="admin_agent", expires_at=NOW + DAY
    )
    for number in range(count):
        customer = CustomerFactory()
        CustomerRelationshipFactory(partner=world.provider, customer=customer)
        row = SubscriptionFactory(provider=world.provider, customer=customer)
        about = {"customer_id": customer.pk, "subscription_id": row.pk, "note": f"Note {number}"}
        write(agent, Action.DESIGNATION_MADE, **about)
        write(Actor.integration(credential), Action.DESIGNATION_ENDED, **about)
        write(
            boss, Action.MEMBER_ROLES_CHANGED, after={"user": str(subject.user_id), "roles": ["sales_agent"]}
        )
    signed_in.get(URL)

    with django_assert_num_queries(12):
        signed_in.get(URL)
