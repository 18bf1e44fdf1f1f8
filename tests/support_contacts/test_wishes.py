"""The next step from the picker: one button for who may, a colleague asked otherwise; and who waits is told."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import Ask
from customers.operations import accept_request, end_admin_rights, request_customer
from portal.models import AnswerLink, Notice
from portal.operations.answer_links import follow
from portal.operations.resellers import accept_request as accept_relationship
from portal.operations.resellers import request_reseller_relationship
from portal.permissions import Role
from support_contacts.models import Designation, Wish, standings, verdict
from support_contacts.operations import choose_support_contact
from support_contacts.operations.wishes import wait_for
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    OrganisationFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, member


def url_of(world):
    return reverse("customers:subscription", args=[world.customer.pk, world.subscription.public_id])


def page(client, world):
    return client.get(url_of(world)).context["page"]


def step(client, world, reseller):
    return next(row.step for row in page(client, world).unavailable if row.candidate.partner == reseller)


def signed(client, world, role, name="Somebody"):
    person = member(world.provider.organisation, role, name=name)
    client.force_login(person.user)
    return person


def post(client, world, name, reseller, **fields):
    address = reverse(f"customers:{name}", args=[world.customer.pk, reseller.pk])
    return client.post(address, {"from": url_of(world), **fields})


@pytest.fixture
def first_up(world):
    """Related, without delegated admin."""
    row = ResellerFactory(organisation=OrganisationFactory(name="First Up Consultants"))
    ResellerRelationshipFactory(provider=world.provider, reseller=row)
    return row


@pytest.fixture
def relecloud(world, agent):
    """Asked for a relationship, and silent so far."""
    row = ResellerFactory(organisation=OrganisationFactory(name="ReleCloud"))
    request_reseller_relationship(row, acting=agent)
    return row


@pytest.fixture
def adatum(world):
    """Once related."""
    row = ResellerFactory(organisation=OrganisationFactory(name="Adatum Corporation"))
    ResellerRelationshipFactory(
        provider=world.provider,
        reseller=row,
        ended_at=timezone.now() - timedelta(days=9),
        ended_as="ended",
    )
    return row


@pytest.fixture
def customers_admin(world):
    return acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))


# -- one button


def test_every_reason_has_its_step_prefilled(signed_in, world, first_up, relecloud, adatum, agent):
    asked = ResellerFactory(organisation=OrganisationFactory(name="Lamna"))
    ResellerRelationshipFactory(provider=world.provider, reseller=asked)
    waiting = request_customer(world.customer, partner=asked, days=30, acting=agent)
    suspended = ResellerFactory(organisation=OrganisationFactory(name="Wingtip"))
    ResellerRelationshipFactory(provider=world.provider, reseller=suspended)
    PartnerSuspensionFactory(partner=suspended)

    found = {row.candidate.partner: row.step for row in page(signed_in, world).unavailable}

    assert found[first_up].label == "Request delegated admin"
    assert found[first_up].url.startswith(reverse("customers:request-rights", args=[world.customer.pk]))
    assert f"reseller={first_up.pk}" in found[first_up].url
    assert found[adatum].label == "Request relationship"
    assert found[adatum].url.startswith(f"{reverse('resellers:request')}?reseller={adatum.pk}&from=")
    assert found[relecloud].label == found[asked].label == "Resend"
    assert found[relecloud].post.endswith(f"/resellers/{relecloud.pk}/resend/")
    assert found[asked].post.endswith(f"/requests/{waiting.relationship.pk}/resend/")
    assert (found[suspended].label, found[suspended].who) == ("", "The operator of this portal can say why.")


def test_a_step_is_a_page_that_opens_with_the_reseller_filled_in(signed_in, world, first_up, adatum):
    for reseller in (first_up, adatum):
        response = signed_in.get(step(signed_in, world, reseller).url)
        assert response.status_code == 200
        assert reseller.name in text(response)


def test_resend_keeps_the_row_and_says_so(signed_in, world, relecloud):
    response = post(signed_in, world, "reseller-resend", relecloud)

    assert (response.status_code, response.url) == (303, f"{url_of(world)}#reseller-{relecloud.pk}")
    content = text(signed_in.get(url_of(world)))
    assert "Sent again." in content
    assert "Sent again." not in text(signed_in.get(url_of(world)))
    assert Wish.objects.get().reseller == relecloud


def test_a_copied_link_is_a_new_one_shown_once(signed_in, world, relecloud):
    before = AnswerLink.objects.get(ended_at=None)

    post(signed_in, world, "reseller-link", relecloud)

    content = signed_in.get(url_of(world)).content.decode()
    token = content.split("/links/")[1].split("/")[0]
    assert follow(token).organisation_id == relecloud.pk
    before.refresh_from_db()
    assert before.ended_at is not None
    assert "/links/" not in signed_in.get(url_of(world)).content.decode()


def test_a_swap_brings_the_row_alone_with_what_to_say(signed_in, world, relecloud):
    """With scripts only the side column is exchanged: a note being typed stays."""
    response = signed_in.post(
        reverse("customers:reseller-resend", args=[world.customer.pk, relecloud.pk]),
        {"from": url_of(world)},
        headers={"HX-Request": "true"},
        follow=True,
    )

    assert response.status_code == 200
    assert 'id="unavailable"' in response.content.decode()
    assert 'data-say="Sent again."' in response.content.decode()
    assert "<textarea" not in response.content.decode()


def test_a_page_that_is_never_swapped_is_given_whole(signed_in, world):
    response = signed_in.get(
        reverse("customers:detail", args=[world.customer.pk]), headers={"HX-Request": "true"}
    )

    assert response.status_code == 200


def test_nothing_is_resent_that_was_answered(signed_in, world, relecloud):
    reseller = acting(member(relecloud.organisation, Role.GLOBAL_ADMIN))
    accept_relationship(relecloud.provider_relationships.get(), acting=reseller)

    post(signed_in, world, "reseller-resend", relecloud)

    assert "does not wait for an answer any more" in text(signed_in.get(url_of(world)))


def test_strangers_and_other_customers_are_not_there(signed_in, world, relecloud):
    stranger = ResellerFactory()
    for name in ("reseller-resend", "reseller-link", "ask"):
        assert post(signed_in, world, name, stranger).status_code == 404
        elsewhere = reverse(f"customers:{name}", args=[CustomerFactory().pk, relecloud.pk])
        assert signed_in.post(elsewhere).status_code == 404


def test_a_stranger_found_exactly_can_be_asked(signed_in, world):
    stranger = ResellerFactory(partner_id="9090909", organisation=OrganisationFactory(name="Stranger"))

    content = text(signed_in.get(url_of(world), {"find": "9090909"}))

    assert "Stranger" in content
    assert f"{reverse('resellers:request')}?find=9090909" in content
    assert str(stranger.pk) not in content


# -- for who may not


def test_a_helpdesk_agent_asks_an_admin_agent_once(client, world, first_up):
    signed(client, world, Role.HELPDESK_AGENT, name="Helpdesk")
    assert step(client, world, first_up).label == "Ask an admin agent"

    assert post(client, world, "ask", first_up).status_code == 303
    content = text(client.get(url_of(world)))
    assert "Your admin agents are asked. Here you are told when it can be chosen." in content
    assert "An admin agent was asked on" in content
    assert post(client, world, "ask", first_up).status_code == 303
    assert "were asked already" in text(client.get(url_of(world)))

    ask = Ask.objects.get()
    assert (ask.reseller, ask.customer, ask.step) == (first_up, world.customer, "delegated_admin")
    assert Wish.objects.get().user == ask.asked_by


def test_admin_agents_find_it_on_their_first_page_prefilled(client, world, first_up, adatum):
    signed(client, world, Role.HELPDESK_AGENT, name="Hanna of the helpdesk")
    post(client, world, "ask", first_up)
    post(client, world, "ask", adatum)
    client.force_login(world.admin_agent.user)

    home = client.get("/")
    found = {one.text: one for one in home.context["told"]}

    assert set(found) == {
        "Request delegated admin at Contoso for First Up Consultants.",
        "Request a relationship with Adatum Corporation.",
    }
    assert "Asked by Hanna of the helpdesk" in text(home)
    for one in found.values():
        assert client.get(one.url).status_code == 200
    sales = member(world.provider.organisation, Role.SALES_AGENT)
    client.force_login(sales.user)
    assert [one.text for one in client.get("/").context["told"]] == [
        "Request a relationship with Adatum Corporation."
    ]


def test_an_ask_goes_when_the_step_is_taken_or_not_needed(client, world, first_up, adatum):
    signed(client, world, Role.HELPDESK_AGENT)
    post(client, world, "ask", first_up)
    post(client, world, "ask", adatum)
    client.force_login(world.admin_agent.user)
    by_text = {one.text: one for one in client.get("/").context["told"]}

    client.post(
        reverse("customers:request-rights", args=[world.customer.pk]),
        {"reseller": first_up.pk, "what": "delegated_admin", "days": "90"},
    )
    dismissed = client.post(by_text["Request a relationship with Adatum Corporation."].dismiss)

    assert dismissed.status_code == 303
    assert not Ask.objects.open().exists()
    assert "For you" not in text(client.get("/"))


def test_who_may_dismiss(client, world, first_up):
    signed(client, world, Role.HELPDESK_AGENT)
    post(client, world, "ask", first_up)
    address = reverse("customers:dismiss-ask", args=[Ask.objects.get().pk])

    assert client.post(address).status_code == 403
    client.force_login(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN).user)
    assert client.post(address).status_code == 404
    assert Ask.objects.open().exists()


def test_of_a_waiting_request_a_helpdesk_agent_reads_who_answers(client, world, relecloud):
    signed(client, world, Role.HELPDESK_AGENT)

    found = step(client, world, relecloud)

    assert (found.label, found.who) == ("", "An admin agent of ReleCloud can accept it.")
    assert post(client, world, "reseller-resend", relecloud).status_code == 403


# -- told when it can be chosen


@pytest.fixture
def waiting(signed_in, world, first_up, agent):
    """The agent asked Contoso for First Up, from the subscription's page."""
    signed_in.post(
        reverse("customers:request-rights", args=[world.customer.pk]),
        {"reseller": first_up.pk, "what": "delegated_admin", "days": "365", "from": url_of(world)},
    )
    signed_in.get(url_of(world))
    return Wish.objects.get()


def relationship_of(reseller, customer):
    return reseller.customer_relationships.get(customer=customer)


def test_the_agent_is_told_and_lands_with_it_preselected(
    signed_in, world, first_up, waiting, customers_admin
):
    assert "can now be chosen" not in text(signed_in.get("/"))
    accept_request(relationship_of(first_up, world.customer), acting=customers_admin)

    told = "First Up Consultants can now be chosen for Microsoft 365 E3 at Contoso."
    assert told in text(signed_in.get("/"))
    assert told in text(signed_in.get(reverse("customers:list")))  # in the header, wherever they are
    response = signed_in.post(reverse("customers:wish", args=[waiting.pk]))

    assert response.status_code == 303
    landed = signed_in.get(response.url)
    assert landed.context["page"].preselected == first_up.pk
    assert "First Up Consultants can now be chosen." in text(landed)
    assert not Designation.objects.exists()  # choosing stays the person's act
    assert "can now be chosen" not in text(signed_in.get("/"))


def test_a_relationship_accepted_is_told_as_well(signed_in, world, agent, relecloud):
    """The grant was there; the relationship was what it lacked."""
    at_customer = CustomerRelationshipFactory(partner=relecloud, customer=world.customer)
    DelegatedAdminFactory(relationship=at_customer, requested_for=world.provider)
    post(signed_in, world, "reseller-resend", relecloud)

    reseller = acting(member(relecloud.organisation, Role.ADMIN_AGENT))
    accept_relationship(relecloud.provider_relationships.get(), acting=reseller)

    assert "ReleCloud can now be chosen" in text(signed_in.get("/"))


def test_asking_a_reseller_from_the_picker_waits_as_well(signed_in, world, adatum):
    response = signed_in.post(reverse("resellers:request"), {"reseller": adatum.pk, "from": url_of(world)})

    assert response.status_code == 303
    assert response.url == f"{url_of(world)}#reseller-{adatum.pk}"
    assert Wish.objects.get().reseller == adatum
    assert "Here you are told when it can be chosen." in text(signed_in.get(url_of(world)))


def test_nothing_is_said_that_is_no_longer_true(signed_in, world, first_up, waiting, customers_admin):
    row = relationship_of(first_up, world.customer)
    accept_request(row, acting=customers_admin)
    end_admin_rights(row, acting=customers_admin)

    assert "can now be chosen" not in text(signed_in.get("/"))


def test_nothing_is_said_once_it_was_chosen(signed_in, world, first_up, waiting, customers_admin, agent):
    accept_request(relationship_of(first_up, world.customer), acting=customers_admin)
    choose_support_contact(world.subscription, partner_id=first_up.pk, version=0, acting=agent)

    assert "can now be chosen" not in text(signed_in.get("/"))


def test_looking_changes_nothing(signed_in, world, first_up, waiting, customers_admin):
    accept_request(relationship_of(first_up, world.customer), acting=customers_admin)

    signed_in.get("/")
    signed_in.get(url_of(world), {"choose": first_up.pk})

    waiting.refresh_from_db()
    assert waiting.told_at is None
    assert signed_in.get(reverse("customers:wish", args=[waiting.pk])).status_code == 405


def test_what_somebody_waits_for_is_theirs(client, signed_in, world, first_up, waiting, customers_admin):
    accept_request(relationship_of(first_up, world.customer), acting=customers_admin)
    signed(client, world, Role.ADMIN_AGENT, name="A colleague")

    assert "can now be chosen" not in text(client.get("/"))
    assert client.post(reverse("customers:wish", args=[waiting.pk])).status_code == 404


def test_an_address_preselects_only_who_is_eligible(signed_in, world, first_up):
    for wanted in (first_up.pk, ResellerFactory().pk, "nonsense"):
        response = signed_in.get(url_of(world), {"choose": wanted})
        assert response.context["page"].preselected == world.provider.pk
        assert "can now be chosen" not in text(response)


def test_waiting_twice_is_waiting_once_and_only_for_who_could_choose(world, agent, first_up):
    sales = acting(member(world.provider.organisation, Role.SALES_AGENT))
    for _ in range(2):
        wait_for(world.subscription, first_up.pk, acting=agent)
        wait_for(world.subscription, first_up.pk, acting=sales)

    assert Wish.objects.get().user == agent.user


def test_the_question_in_sql_is_the_rule_in_memory(world, agent):
    """R3 twice: what is told is what the picker offers."""
    now = timezone.now()
    other = SubscriptionFactory(provider=world.provider, customer=world.customer, is_new_commerce=True)
    for number in range(32):
        reseller = ResellerFactory(is_indirect_reseller=bool(number & 1), is_direct_partner=not number & 1)
        if number & 2:
            ResellerRelationshipFactory(provider=world.provider, reseller=reseller)
        if number & 4:
            row = CustomerRelationshipFactory(partner=reseller, customer=world.customer)
            ends = now + timedelta(days=1) if number & 8 else now
            DelegatedAdminFactory(relationship=row, requested_for=ProviderFactory(), ends_at=ends)
        if number & 16:
            PartnerSuspensionFactory(partner=reseller)
        wait_for(world.subscription, reseller.pk, acting=agent)
        wait_for(other, reseller.pk, acting=agent)

    eligible = {
        pk
        for pk, standing in standings(world.provider, world.customer.pk).items()
        if pk != world.trey.pk and verdict(standing, at=now, told_to=None)
    }
    told = Wish.objects.granted(now)
    assert eligible
    assert {wish.reseller_id for wish in told} == eligible
    assert {wish.subscription_id for wish in told} == {world.subscription.pk}


def test_a_customer_that_left_is_not_spoken_of(signed_in, world, first_up, waiting, customers_admin):
    accept_request(relationship_of(first_up, world.customer), acting=customers_admin)
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    assert "can now be chosen" not in text(signed_in.get("/"))


# -- notices of what others did


def notice(world, **more):
    return Notice.objects.create(
        organisation=world.provider.organisation,
        kind=Notice.Kind.DESIGNATION_DECLINED,
        path=url_of(world),
        data={
            "partner": "Trey Research",
            "offer": "Microsoft 365 E3",
            "customer_id": str(world.customer.pk),
            "at": "",
        },
        **more,
    )


def test_a_notice_is_read_and_opened_once(signed_in, world):
    row = notice(world)

    assert "Trey Research declined to support Microsoft 365 E3 at Contoso." in text(signed_in.get("/"))
    response = signed_in.post(reverse("support_contacts:notice", args=[row.pk]))

    assert (response.status_code, response.url) == (303, url_of(world))
    assert "declined to support" not in text(signed_in.get("/"))


def test_a_notice_of_another_organisation_is_not_there(client, world):
    row = notice(world)
    client.force_login(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN).user)

    assert client.post(reverse("support_contacts:notice", args=[row.pk])).status_code == 404
    assert "declined to support" not in text(client.get("/"))


def test_a_billing_admin_and_a_customer_are_told_nothing(client, world):
    notice(world)
    for organisation, role in (
        (world.provider.organisation, Role.BILLING_ADMIN),
        (world.customer.organisation, Role.GLOBAL_ADMIN),
    ):
        client.force_login(member(organisation, role).user)
        assert "declined to support" not in text(client.get("/", follow=True))
