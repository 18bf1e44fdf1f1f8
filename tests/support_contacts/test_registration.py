"""R13: a subscription bought elsewhere, added by a partner for support, removable by the customer."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.actor import Actor
from portal.errors import NewCommerce, NotPermitted, NotVisible, OperationError
from portal.models import AuditEvent
from portal.permissions import Role
from subscriptions.models import Status, Subscription
from support_contacts.models import Designation
from support_contacts.operations import Changed, choose_support_contact
from support_contacts.operations.registration import (
    end_registered,
    register_subscription,
    registered_ended_with,
    remove_registered,
)
from support_contacts.tasks import end_registered_with_relationships
from tests.factories import CustomerFactory, ProviderFactory, SubscriptionFactory
from tests.pages import text
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import ROUNDS, at_once, chooser

GUID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
FIELDS = {
    "name": "Windows Server",
    "subscription_id": "",
    "seller_name": "Contoso’s old seller",
    "purchased_through": "enterprise_agreement",
}


def register(world, agent, **fields):
    return register_subscription(world.relationship, acting=agent, **{**FIELDS, **fields})


def url(world):
    return f"/customers/{world.customer.pk}/register/"


def test_it_is_on_record_marked_and_can_be_given_to_a_reseller(world, agent):
    row = register(world, agent)

    assert (row.is_bought_elsewhere, row.is_live, row.microsoft_id) == (True, True, None)
    event = AuditEvent.objects.get()
    assert (event.action, event.subscription_id) == ("subscription.registered", row.pk)
    assert event.after["seller"] == "Contoso’s old seller"
    made = choose_support_contact(row, partner_id=world.trey.pk, version=0, acting=agent)
    assert isinstance(made, Changed)


def test_the_form_leads_to_its_subscription_and_the_customer_sees_who_added_it(client, signed_in, world):
    assert "Register a subscription" in text(signed_in.get(f"/customers/{world.customer.pk}/"))
    made = signed_in.post(url(world), {**FIELDS, "subscription_id": GUID.upper()})

    assert (made.status_code, made["Location"]) == (
        303,
        f"/customers/{world.customer.pk}/subscriptions/{GUID}/?registered=1",
    )
    page = text(signed_in.get(made["Location"]))
    assert "Contoso sees it as added by Fabrikam Distribution for support." in page
    assert "Bought elsewhere" in page

    client.force_login(member(world.customer.organisation, Role.GLOBAL_ADMIN).user)
    html = text(client.get("/support/"))
    assert "Bought elsewhere: Contoso’s old seller · added by Fabrikam Distribution for support" in html
    assert "/remove/" in html
    client.force_login(member(world.customer.organisation, Role.SERVICE_SUPPORT_ADMIN).user)
    assert "/remove/" not in text(client.get("/support/"))


@pytest.mark.parametrize(
    "fields",
    [
        {"new_commerce": True},
        {"subscription_id": "CFQ7TTC0LH18:0001:CFQ7TTC0K59J"},
        {"name": "CFQ7TTC0LH18:0001:CFQ7TTC0K59J"},
    ],
)
def test_r5_new_commerce_is_refused(world, agent, signed_in, fields):
    with pytest.raises(NewCommerce):
        register(world, agent, **fields)
    response = signed_in.post(url(world), {**FIELDS, **{key: str(value) for key, value in fields.items()}})
    assert response.status_code == 422
    assert "New-commerce subscriptions have no designated support contact." in text(response)
    assert "Contoso’s old seller" in text(response)
    assert Subscription.objects.count() == 1


def test_a_name_in_words_may_have_colons(world, agent):
    assert register(world, agent, name="Azure: production: west").name == "Azure: production: west"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"seller_name": ""}, "seller_name"),
        ({"purchased_through": ""}, "purchased_through"),
        ({"purchased_through": "partner"}, "purchased_through"),
        ({"subscription_id": "12345"}, "subscription_id"),
        ({"name": "a" * 301}, "name"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field(signed_in, world, fields, field):
    response = signed_in.post(url(world), {**FIELDS, **fields})
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in text(response)
    assert Subscription.objects.count() == 1


def test_what_is_here_already_is_not_registered_twice(world, agent):
    register(world, agent)
    with pytest.raises(OperationError, match="registered already"):
        register(world, agent)
    register(world, agent, subscription_id=GUID)
    with pytest.raises(OperationError, match="here already"):
        register(world, agent, subscription_id=f"{{{GUID}}}")
    with pytest.raises(OperationError, match="here already"):
        register(world, agent, subscription_id=world.subscription.microsoft_id)


def test_only_with_an_established_relationship(client, signed_in, world, agent):
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    with pytest.raises(NotVisible):
        register(world, agent)
    assert signed_in.get(url(world)).status_code == 404
    client.force_login(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN).user)
    assert client.get(url(world)).status_code == 404


def test_registering_needs_the_role_that_assigns(client, world):
    sales = member(world.provider.organisation, Role.SALES_AGENT)
    with pytest.raises(NotPermitted):
        register(world, acting(sales))
    client.force_login(sales.user)
    assert client.get(url(world)).status_code == 403


@pytest.fixture
def registered(world, agent):
    row = register(world, agent)
    choose_support_contact(row, partner_id=world.trey.pk, version=0, acting=agent)
    row.refresh_from_db()
    return row


def test_the_customer_removes_it_and_its_designation_ends(client, world, registered):
    admin = member(world.customer.organisation, Role.GLOBAL_ADMIN)
    client.force_login(admin.user)
    address = f"/support/registered/{registered.pk}/remove/"
    page = text(client.get(address))
    assert "You call Trey Research for it today." in page
    assert Subscription.objects.get(pk=registered.pk).is_live  # looking changes nothing

    made = client.post(address)

    assert (made.status_code, made["Location"]) == (303, f"/support/?removed={registered.pk}")
    assert "Removed." in text(client.get(made["Location"]))
    row = Subscription.objects.get(pk=registered.pk)
    assert (row.status, row.ended_at is not None, row.contact_version) == (Status.DELETED, True, 2)
    designation = Designation.objects.get()
    assert (designation.ended_as, designation.ended_at) == ("removed", row.ended_at)
    event = AuditEvent.objects.get(action="subscription.removed")
    assert (event.organisation_id, event.actor_organisation_id) == (world.provider.pk, world.customer.pk)
    assert event.before["contact"]["name"] == "Trey Research"
    assert "It was removed already." in text(client.get(address))


def test_removing_twice_writes_once(world, registered):
    admin = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))
    remove_registered(registered, acting=admin)
    remove_registered(registered, acting=admin)
    assert AuditEvent.objects.filter(action="subscription.removed").count() == 1


def test_only_the_customers_global_admin_removes_and_only_what_was_registered(client, world, registered):
    client.force_login(member(world.customer.organisation, Role.SERVICE_SUPPORT_ADMIN).user)
    assert client.post(f"/support/registered/{registered.pk}/remove/").status_code == 403
    client.force_login(member(CustomerFactory().organisation, Role.GLOBAL_ADMIN).user)
    assert client.post(f"/support/registered/{registered.pk}/remove/").status_code == 404
    client.force_login(member(world.customer.organisation, Role.GLOBAL_ADMIN).user)
    assert client.post(f"/support/registered/{world.subscription.pk}/remove/").status_code == 404
    assert client.get(f"/support/registered/{uuid.uuid4()}/remove/").status_code == 404
    with pytest.raises(NotVisible):
        remove_registered(
            world.subscription, acting=acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))
        )


def end_relationship(world):
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()


def test_what_was_registered_ends_with_the_relationship(world, registered):
    sold = world.subscription
    end_relationship(world)

    events = registered_ended_with(world.relationship, acting=Actor.system(world.provider.organisation))

    assert [event.subscription_id for event in events] == [registered.pk]
    assert not Subscription.objects.get(pk=registered.pk).is_live
    assert Subscription.objects.get(pk=sold.pk).is_live
    assert registered_ended_with(world.relationship, acting=Actor.system(world.provider.organisation)) == []


def test_the_job_does_it_once_and_not_while_the_relationship_lasts(world, registered):
    end_registered_with_relationships(0)
    assert Subscription.objects.get(pk=registered.pk).is_live

    end_relationship(world)
    end_registered_with_relationships(0)
    end_registered_with_relationships(0)

    event = AuditEvent.objects.get(action="subscription.removed")
    assert (event.actor_kind, event.channel) == ("system", "rule")


def test_a_relationship_established_again_meanwhile_keeps_it(world, registered):
    end_relationship(world)
    type(world.relationship).objects.create(
        partner=world.provider,
        customer=world.customer,
        company_name="Contoso",
        established_at=timezone.now() + timedelta(microseconds=1),
    )
    assert end_registered(world.relationship) == []
    assert Subscription.objects.get(pk=registered.pk).is_live


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_removing_while_an_agent_chooses_has_only_two_orders(number):
    world = make_world()
    agent = acting(world.admin_agent)
    row = SubscriptionFactory(
        provider=world.provider, customer=world.customer, purchased_through="open", seller_name="Seller"
    )
    admin = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))

    chosen, _removed = at_once(chooser(row, world.trey, agent), lambda: remove_registered(row, acting=admin))

    row.refresh_from_db()
    assert not row.is_live
    if isinstance(chosen, Changed):
        assert Designation.objects.get().ended_as == "removed"
    else:
        assert not Designation.objects.exists()
    assert not Designation.objects.stored().exists()
