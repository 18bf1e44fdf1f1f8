"""What agents ask of customers: found exactly, asked once, sent again, taken back; and the end from their side."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations import request_customer
from portal.models import State
from portal.operations.answer_links import follow
from portal.permissions import Role
from support_contacts.models import Wish
from support_contacts.operations import choose_support_contact
from support_contacts.operations.duties import decline_duty
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, member

FIND = "/customers/request/"


def signed(client, world, role):
    client.force_login(member(world.provider.organisation, role, name=str(role.label)).user)
    return client


def new(world):
    return reverse("customers:request-rights", args=[world.customer.pk])


def subscription_url(world):
    return reverse("customers:subscription", args=[world.customer.pk, world.subscription.public_id])


def rights(reseller=None, **more):
    return {
        "what": "delegated_admin",
        "days": "365",
        **({"reseller": reseller.pk} if reseller else {}),
        **more,
    }


def request_url(made, name):
    return reverse(f"customers:request-{name}", args=[made.relationship.customer_id, made.relationship.pk])


# -- a new customer


@pytest.mark.parametrize("how", ["domain", "DOMAIN", "id", "braces"])
def test_a_new_customer_is_found_by_exact_domain_or_id(signed_in, northwind, how):
    find = {
        "domain": "northwind.example",
        "DOMAIN": " NorthWind.Example ",
        "id": str(northwind.pk).upper(),
        "braces": f"{{{northwind.pk.hex}}}",
    }[how]

    content = text(signed_in.get(FIND, {"find": find}))

    assert "Northwind Traders" in content
    assert "France" in content


@pytest.mark.parametrize("find", ["northwind", "Northwind Traders", "nothing.example", "*"])
def test_part_of_a_name_finds_nobody(signed_in, northwind, find):
    content = text(signed_in.get(FIND, {"find": find}))

    assert 'id="ask"' not in content
    assert "No organisation here has" in content


def test_of_a_stranger_only_name_and_country_are_told(signed_in, northwind):
    CustomerRelationshipFactory(partner=ProviderFactory(), customer=northwind)

    content = text(signed_in.get(FIND, {"find": str(northwind.pk)}))

    assert "northwind.example" not in content


def test_a_shared_domain_names_nobody(signed_in, northwind):
    CustomerFactory(organisation=OrganisationFactory(name="An impostor", domain="northwind.example"))

    content = text(signed_in.get(FIND, {"find": "northwind.example"}))

    assert "More than one organisation has this domain." in content
    assert "An impostor" not in content


def test_looking_up_at_will_is_stopped(signed_in, northwind):
    answers = [signed_in.get(FIND, {"find": f"guess{n}.example"}).status_code for n in range(21)]

    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


def test_a_customer_of_ours_is_not_asked_again(signed_in, world):
    response = signed_in.get(FIND, {"find": str(world.customer.pk)})

    assert (response.status_code, response.url) == (
        303,
        reverse("customers:detail", args=[world.customer.pk]),
    )


@pytest.mark.parametrize("what", ["relationship", "delegated_admin"])
def test_asking_a_new_customer(signed_in, northwind, world, what):
    response = signed_in.post(
        FIND, {"find": "northwind.example", "what": what, "days": "90", "message": "Hello there"}
    )

    assert response.status_code == 303
    row = CustomerRelationship.objects.get(customer=northwind)
    assert (row.partner, row.message) == (world.provider, "Hello there")
    assert list(row.delegated_admins.values_list("days", flat=True)) == ([90] if "admin" in what else [])
    content = text(signed_in.get(FIND))
    assert "Requested. A global admin of Northwind Traders has until" in content
    assert f'id="request-{row.pk}"' in content


def test_what_was_typed_comes_back(signed_in, northwind):
    response = signed_in.post(
        FIND,
        {"find": "northwind.example", "what": "delegated_admin", "days": "other", "message": "My long words"},
    )

    assert response.status_code == 422
    assert "Enter a number of days between 1 and 730." in text(response)
    assert "My long words" in text(response)
    assert not CustomerRelationship.objects.filter(customer=northwind).exists()


def test_who_may_ask_a_new_customer(client, world, northwind):
    for role, status in ((Role.SALES_AGENT, 200), (Role.HELPDESK_AGENT, 403), (Role.BILLING_ADMIN, 403)):
        assert signed(client, world, role).get(FIND).status_code == status
    sales = signed(client, world, Role.SALES_AGENT)
    page = text(sales.get(FIND, {"find": "northwind.example"}))
    assert "A relationship and delegated admin" not in page
    refused = sales.post(FIND, {"find": "northwind.example", **rights()})
    assert refused.status_code == 422
    assert sales.post(FIND, {"find": "northwind.example", "what": "relationship"}).status_code == 303


# -- delegated admin at a customer of ours


def test_the_form_is_prefilled_from_the_picker(signed_in, world, first_up):
    query = urlencode({"reseller": first_up.pk, "from": subscription_url(world)})
    content = text(signed_in.get(f"{new(world)}?{query}"))

    assert f'<option value="{first_up.pk}" selected>First Up Consultants</option>' in content
    assert 'value="365"' in content
    assert f'name="from" value="{subscription_url(world)}"' in content


def test_asking_from_the_picker_lands_back_on_the_row(signed_in, world, first_up):
    response = signed_in.post(new(world), rights(first_up, **{"from": subscription_url(world)}))

    assert response.status_code == 303
    assert response.url == f"{subscription_url(world)}#reseller-{first_up.pk}"
    grant = DelegatedAdmin.objects.get(relationship__partner=first_up)
    assert (grant.days, grant.requested_for) == (365, world.provider)
    content = text(signed_in.get(subscription_url(world)))
    assert "Requested. Here you are told when it can be chosen." in content
    assert "Resend" in content
    assert "Here you are told" not in text(signed_in.get(subscription_url(world)))
    assert Wish.objects.get().reseller == first_up


@pytest.mark.parametrize(
    ("days", "other", "expected"), [("90", "", 90), ("other", "1", 1), ("other", "730", 730)]
)
def test_days_are_chosen_or_typed(signed_in, world, first_up, days, other, expected):
    signed_in.post(new(world), rights(first_up, days=days, other_days=other))

    assert DelegatedAdmin.objects.get(relationship__partner=first_up).days == expected


@pytest.mark.parametrize("other", ["0", "731", "-3", "many", ""])
def test_other_days_out_of_bounds_are_refused(signed_in, world, first_up, other):
    response = signed_in.post(new(world), rights(first_up, days="other", other_days=other))

    assert response.status_code == 422
    assert "Enter a number of days between 1 and 730." in text(response)
    assert not DelegatedAdmin.objects.filter(relationship__partner=first_up).exists()


def test_for_ourselves_and_listed_at_the_customer(signed_in, world):
    response = signed_in.post(new(world), rights())

    here = reverse("customers:detail", args=[world.customer.pk])
    assert response.url == f"{here}#requests"
    content = text(signed_in.get(here))
    assert "Requests that wait" in content
    assert "Delegated admin for 365 days" in content


def test_a_duplicate_leads_to_the_pending_one(signed_in, world, first_up):
    signed_in.post(new(world), rights(first_up))

    signed_in.post(new(world), rights(first_up, days="90"))

    assert "was asked already" in text(signed_in.get(reverse("customers:detail", args=[world.customer.pk])))
    assert DelegatedAdmin.objects.filter(relationship__partner=first_up).count() == 1


def test_a_reseller_that_is_ours_no_more_is_said(signed_in, world, first_up):
    first_up.provider_relationships.update(ended_at=timezone.now(), ended_as="ended")

    response = signed_in.post(new(world), rights(first_up))

    assert response.status_code == 422
    assert "You can ask for established resellers of yours, at your customers." in text(response)


def test_strangers_are_not_there(signed_in, world, northwind):
    assert signed_in.get(reverse("customers:request-rights", args=[northwind.pk])).status_code == 404
    assert signed_in.post(new(world), rights(ResellerFactory())).status_code == 404


def test_a_sales_agent_asks_for_a_relationship_alone(client, world, first_up):
    sales = signed(client, world, Role.SALES_AGENT)

    assert "Delegated admin is requested by a global admin or an admin agent." in text(sales.get(new(world)))
    assert sales.post(new(world), rights(first_up)).status_code == 422
    assert sales.post(new(world), {"what": "relationship", "reseller": first_up.pk}).status_code == 303
    assert not DelegatedAdmin.objects.filter(relationship__partner=first_up).exists()
    helpdesk = signed(client, world, Role.HELPDESK_AGENT)
    assert helpdesk.get(new(world)).status_code == 403


def test_a_form_of_another_organisation_is_a_conflict(signed_in, world, first_up):
    response = signed_in.post(new(world), rights(first_up, organisation=ProviderFactory().pk))

    assert response.status_code == 409
    assert not DelegatedAdmin.objects.filter(relationship__partner=first_up).exists()


def test_coming_back_goes_to_pages_of_ours_only(signed_in, world, first_up):
    for away in ("https://elsewhere.example/", "//elsewhere.example/customers/", "/organisation/"):
        response = signed_in.post(new(world), rights(first_up, **{"from": away}))
        assert response.url.startswith(reverse("customers:detail", args=[world.customer.pk]))


# -- what waits


@pytest.fixture
def made(world, agent, first_up):
    return request_customer(world.customer, partner=first_up, days=365, acting=agent)


def test_resend_says_so_in_the_row(signed_in, world, made):
    response = signed_in.post(request_url(made, "resend"))

    here = reverse("customers:detail", args=[world.customer.pk])
    assert response.url == f"{here}#request-{made.relationship.pk}"
    assert "Sent again." in text(signed_in.get(here))


def test_resending_has_a_measure(signed_in, world, made):
    for _ in range(4):
        signed_in.post(request_url(made, "resend"))

    here = reverse("customers:detail", args=[world.customer.pk])
    assert "It was sent several times already." in text(signed_in.get(here))

    # Another provider that waits for the same reseller there has a measure of its own.
    other = ProviderFactory(organisation=OrganisationFactory(name="Proseware Distribution"))
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    ResellerRelationshipFactory(provider=other, reseller=made.relationship.partner)
    theirs = member(other.organisation, Role.ADMIN_AGENT)
    request_customer(world.customer, partner=made.relationship.partner, days=30, acting=acting(theirs))
    signed_in.force_login(theirs.user)
    signed_in.post(request_url(made, "resend"))
    assert "Sent again." in text(signed_in.get(here))


def test_a_copied_link_is_shown_once_and_ends_the_one_before(signed_in, world, made):
    signed_in.post(request_url(made, "link"))

    here = reverse("customers:detail", args=[world.customer.pk])
    content = signed_in.get(here).content.decode()
    token = content.split("/links/")[1].split("/")[0]
    assert follow(token).organisation_id == world.customer.pk
    assert follow(made.token) is None
    assert "/links/" not in signed_in.get(here).content.decode()


def test_withdrawing_asks_first(signed_in, world, made):
    page = text(signed_in.get(request_url(made, "withdraw")))
    assert "Delegated admin for <bdi>First Up Consultants</bdi>, 365 days" in page
    made.grant.refresh_from_db()
    assert made.grant.ended_at is None

    response = signed_in.post(request_url(made, "withdraw"))

    assert response.status_code == 303
    made.grant.refresh_from_db()
    assert made.grant.ended_as == "withdrawn"
    assert "The request is withdrawn." in text(signed_in.get(response.url))
    assert signed_in.post(request_url(made, "withdraw")).status_code == 303
    assert signed_in.get(request_url(made, "withdraw")).status_code == 303


def test_a_request_of_another_provider_is_not_there(client, world, first_up, made):
    proseware = ProviderFactory()
    CustomerRelationshipFactory(partner=proseware, customer=world.customer)
    ResellerRelationshipFactory(provider=proseware, reseller=first_up)
    client.force_login(member(proseware.organisation, Role.ADMIN_AGENT).user)

    for name in ("resend", "link", "withdraw"):
        assert client.post(request_url(made, name)).status_code == 404
    made.grant.refresh_from_db()
    assert made.grant.state(timezone.now()) == State.REQUESTED
    assert (
        "First Up"
        not in text(client.get(reverse("customers:detail", args=[world.customer.pk]))).split("Resellers at")[
            0
        ]
    )


def test_roles_that_may_not_touch_it(client, world, made):
    for role in (Role.HELPDESK_AGENT, Role.SALES_AGENT):
        for name in ("resend", "link", "withdraw"):
            assert signed(client, world, role).post(request_url(made, name)).status_code == 403


def test_who_acted_is_named_by_organisation_where_it_is_not_ours(signed_in, world, agent):
    """The history of a subscription names colleagues; of everybody else only the organisation."""
    choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent)
    reseller = acting(member(world.trey.organisation, Role.ADMIN_AGENT, name="Somebody of Trey"))
    decline_duty(world.subscription.designations.get(), acting=reseller, reason="No time.")

    content = text(signed_in.get(subscription_url(world)))

    assert "Somebody of Trey" not in content
    assert "Admin agent" in content
    assert "Trey Research" in content


def test_the_day_it_lapses_ends_what_waits(signed_in, world, made):
    for row in (made.relationship, made.grant):
        type(row).objects.filter(pk=row.pk).update(
            requested_at=timezone.now() - timedelta(days=90), lapses_at=timezone.now()
        )

    content = text(signed_in.get(reverse("customers:detail", args=[world.customer.pk])))

    assert "Requests that wait" not in content
    assert "lapsed on" in content
