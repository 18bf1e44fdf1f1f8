"""The end of a customer relationship from the partner's side, and the first admin of a customer."""

from django.urls import reverse
from django.utils import timezone

from portal.models import PasswordLink
from portal.permissions import Role
from tests.factories import (
    DelegatedAdminFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import member

FIND = "/customers/request/"


def signed(client, world, role):
    client.force_login(member(world.provider.organisation, role, name=str(role.label)).user)
    return client


def test_our_end_is_blocked_while_something_is_live(client, world):
    boss = signed(client, world, Role.GLOBAL_ADMIN)
    url = reverse("customers:end", args=[world.customer.pk])

    assert "still has 1 live subscription from you" in text(boss.get(url))
    assert boss.post(url).status_code == 409
    page = text(boss.get(reverse("customers:detail", args=[world.customer.pk])))
    assert 'aria-disabled="true" aria-describedby="why-not-end"' in page


def test_our_end(client, world):
    world.subscription.status, world.subscription.ended_at = "deleted", timezone.now()
    world.subscription.save()
    DelegatedAdminFactory(relationship=world.relationship)
    boss = signed(client, world, Role.GLOBAL_ADMIN)
    url = reverse("customers:end", args=[world.customer.pk])

    assert "Your delegated admin there ends with it." in text(boss.get(url))
    response = boss.post(url)

    assert (response.status_code, response.url) == (303, reverse("customers:list"))
    world.relationship.refresh_from_db()
    assert world.relationship.ended_as == "ended"
    assert boss.get(reverse("customers:detail", args=[world.customer.pk])).status_code == 404
    assert boss.post(url).status_code == 303
    assert boss.get(url).status_code == 404


def test_who_may_end(client, world, northwind):
    url = reverse("customers:end", args=[world.customer.pk])

    assert signed(client, world, Role.ADMIN_AGENT).post(url).status_code == 403
    boss = signed(client, world, Role.GLOBAL_ADMIN)
    assert boss.post(reverse("customers:end", args=[northwind.pk])).status_code == 404


def test_the_first_admin_of_a_customer_joins_by_a_link_shown_once(signed_in, client, world):
    world.customer.organisation.domain = "contoso.example"
    world.customer.organisation.save()
    url = reverse("customers:first-admin", args=[world.customer.pk])
    here = reverse("customers:detail", args=[world.customer.pk])
    assert "Invite the first admin" in text(signed_in.get(here))

    response = signed_in.post(url, {"email": "boss@contoso.example", "name": "The boss"})

    assert response.status_code == 200
    link = PasswordLink.objects.get()
    assert (link.organisation_id, link.roles) == (world.customer.pk, [Role.GLOBAL_ADMIN])
    joining = response.content.decode().split("http://testserver/join/")[1].split("/")[0]
    client.logout()
    password = "another-long-sentence-of-words"
    joined = client.post(
        f"/join/{joining}/", {"name": "The boss", "password1": password, "password2": password}
    )
    assert joined.status_code == 302
    assert client.get("/partner-relationships/").status_code == 200


def test_an_address_of_somebody_else_is_refused_with_what_was_typed(signed_in, world):
    world.customer.organisation.domain = "contoso.example"
    world.customer.organisation.save()

    response = signed_in.post(
        reverse("customers:first-admin", args=[world.customer.pk]), {"email": "boss@elsewhere.example"}
    )

    assert response.status_code == 422
    assert "Use an address of the customer, at contoso.example." in text(response)
    assert "boss@elsewhere.example" in text(response)


def test_no_first_admin_where_somebody_is(signed_in, world):
    member(world.customer.organisation, Role.GLOBAL_ADMIN)

    content = text(signed_in.get(reverse("customers:first-admin", args=[world.customer.pk])))

    assert "This customer has members already." in content
    assert "Invite the first admin" not in text(
        signed_in.get(reverse("customers:detail", args=[world.customer.pk]))
    )


def test_who_may_invite_the_first_admin(client, world, northwind):
    url = reverse("customers:first-admin", args=[world.customer.pk])

    assert signed(client, world, Role.HELPDESK_AGENT).get(url).status_code == 403
    sales = signed(client, world, Role.SALES_AGENT)
    assert sales.get(url).status_code == 200
    assert sales.get(reverse("customers:first-admin", args=[northwind.pk])).status_code == 404
