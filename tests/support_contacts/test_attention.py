"""R8: every designation of ours; what needs attention, why, and since when; what ends soon; the count in the rail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import PartnerSuspension, ResellerRelationship
from portal.permissions import Role
from support_contacts import attention_list
from support_contacts.attention import cause_of
from support_contacts.attention_list import AttentionList
from support_contacts.forms_attention import AttentionListForm
from support_contacts.models import ContactReport, Designation, EndedAs, standings
from support_contacts.operations.duties import decline_duty, hand_back_duty
from support_contacts.operations.reports import answer_report, report_contact
from support_contacts.waiting import waiting_for
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, member

DAY = timedelta(days=1)
NEEDS, ENDING = "/support-contacts/?attention=1", "/support-contacts/?ending=1"


@pytest.fixture
def duty(world):
    return DesignationFactory(
        subscription=world.subscription, partner=world.trey, started_at=timezone.now() - 60 * DAY
    )


def grant_of(partner):
    return partner.customer_relationships.get().delegated_admins.get()


def expire(partner, ago=timedelta(hours=1)):
    grant = grant_of(partner)
    grant.ends_at = timezone.now() - ago
    grant.save()


def another(world, **extra):
    row = SubscriptionFactory(provider=world.provider, customer=world.customer, **extra)
    return DesignationFactory(subscription=row, partner=world.trey)


def rows(client, address=NEEDS):
    return [line.designation for line in client.get(address).context["list"].lines]


def test_what_holds_is_in_order_and_the_reseller_is_called(signed_in, duty):
    html = text(signed_in.get("/support-contacts/"))

    assert "In order" in html
    assert "Contoso" in html
    assert "Microsoft 365 E3" in html
    assert "Trey Research" in html
    assert "Provider, for now" not in html


def test_nothing_needs_attention_in_the_words_of_the_brief(signed_in, duty):
    html = text(signed_in.get(NEEDS))

    assert "Nothing needs attention." in html
    assert "Every designation holds." in html


def end_relationship(world):
    ResellerRelationship.objects.update(ended_at=timezone.now() - 3 * DAY, ended_as="ended")


def end_grant(world):
    grant = grant_of(world.trey)
    grant.ended_at, grant.ended_as = timezone.now() - 3 * DAY, "ended"
    grant.save()


@pytest.mark.parametrize(
    ("break_it", "word"),
    [
        (end_relationship, "Relationship ended"),
        (lambda world: expire(world.trey, 3 * DAY), "Delegated admin expired"),
        (end_grant, "Delegated admin ended"),
        (
            lambda world: PartnerSuspension.objects.create(
                partner=world.trey, started_at=timezone.now() - 3 * DAY
            ),
            "Reseller suspended",
        ),
        (
            lambda world: Designation.objects.update(hands_back_at=timezone.now() - 3 * DAY),
            "Handed back",
        ),
    ],
)
def test_r8_each_cause_stands_there_at_once_with_its_date(signed_in, world, duty, break_it, word):
    break_it(world)
    response = signed_in.get(NEEDS)
    html = text(response)

    assert word in html
    assert "1 designation no longer holds." in html
    assert "Fabrikam Distribution" in html
    assert "Provider, for now" in html
    assert response.context["list"].lines[0].cause.since.date() == (timezone.now() - 3 * DAY).date()
    assert f"/customers/{world.customer.pk}/subscriptions/{world.subscription.public_id}/?from=" in html


def test_a_relationship_asked_for_anew_still_names_what_ended(world, duty):
    """The latest record is a request; why it does not hold is that the one before ended."""
    end_relationship(world)
    ResellerRelationshipFactory(
        provider=world.provider,
        reseller=world.trey,
        established_at=None,
        requested_at=timezone.now() - DAY,
        lapses_at=timezone.now() + 89 * DAY,
    )
    standing = standings(world.provider, world.customer.pk)[world.trey.pk]

    cause = cause_of(duty, standing, at=timezone.now())

    assert cause.key == "cause.relationship_ended"
    assert cause.since.date() == (timezone.now() - 3 * DAY).date()


def test_a_partner_that_is_no_reseller_any_more_is_told_by_its_reason(signed_in, world, duty):
    world.trey.is_indirect_reseller, world.trey.is_direct_partner = False, True
    world.trey.save()
    assert "No relationship" in text(signed_in.get(NEEDS))


def test_a_move_to_new_commerce_stands_there_until_it_is_seen(signed_in, world, duty):
    duty.ended_at, duty.ended_as = timezone.now(), EndedAs.NEW_COMMERCE
    duty.save()
    world.subscription.is_new_commerce = True
    world.subscription.save()
    html = text(signed_in.get(NEEDS))
    assert "Moved to new commerce" in html
    assert f"/support-contacts/{duty.pk}/seen/" in html

    made = signed_in.post(f"/support-contacts/{duty.pk}/seen/", {"attention": "1"})

    assert (made.status_code, made["Location"]) == (303, NEEDS)
    assert rows(signed_in) == []


def test_what_a_reseller_declined_stands_there_with_its_reason_until_it_is_seen(signed_in, world, duty):
    staff = acting(member(world.trey.organisation, Role.ADMIN_AGENT, name="A person of Trey"))
    decline_duty(duty, acting=staff, reason="Not in our contract.")
    html = text(signed_in.get(NEEDS))
    assert "Declined" in html
    assert "Not in our contract." in html
    assert "A person of Trey" not in html

    page = text(
        signed_in.get(f"/customers/{world.customer.pk}/subscriptions/{world.subscription.public_id}/")
    )
    assert "Declined by Trey Research" in page
    assert "A person of Trey" not in page

    signed_in.post(f"/support-contacts/{duty.pk}/seen/", {"attention": "1"})
    assert rows(signed_in) == []
    assert signed_in.get(NEEDS).context["list"].heading.attention == 0


def test_what_is_ended_by_the_provider_itself_needs_nobodys_attention(signed_in, duty):
    duty.ended_at, duty.ended_as = timezone.now(), EndedAs.BACK_TO_PROVIDER
    duty.save()
    assert rows(signed_in) == []


def test_seen_is_for_those_who_assign_and_for_ones_own(client, world, duty):
    duty.ended_at, duty.ended_as = timezone.now(), EndedAs.DECLINED
    duty.save()
    client.force_login(member(world.provider.organisation, Role.SALES_AGENT).user)
    assert client.post(f"/support-contacts/{duty.pk}/seen/").status_code == 403
    client.force_login(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN).user)
    assert client.post(f"/support-contacts/{duty.pk}/seen/").status_code == 404
    assert Designation.objects.unseen().exists()


@pytest.mark.parametrize(
    ("days", "word"), [(30, "Ends in 30 days"), (6, "Ends in 6 days"), (1, "Ends in 1 day")]
)
def test_r8_what_ends_soon_is_warned_of_and_an_extension_can_be_asked_for(signed_in, world, duty, days, word):
    grant = grant_of(world.trey)
    grant.ends_at = timezone.now() + timedelta(days=days)
    grant.save()

    html = text(signed_in.get(ENDING))
    assert word in html
    assert "Ask for an extension" in html
    page = text(
        signed_in.get(f"/customers/{world.customer.pk}/subscriptions/{world.subscription.public_id}/")
    )
    assert "The delegated admin of Trey Research ends on" in page
    assert rows(signed_in) == []


def test_what_ends_later_or_has_another_grant_is_not_warned_of(signed_in, world, duty):
    grant = grant_of(world.trey)
    grant.ends_at = timezone.now() + 40 * DAY
    grant.save()
    assert rows(signed_in, ENDING) == []
    type(grant).objects.create(
        relationship=grant.relationship, established_at=timezone.now() - DAY, ends_at=timezone.now() + 3 * DAY
    )
    assert rows(signed_in, ENDING) == []


def test_an_announced_hand_back_ends_soon(signed_in, world, duty):
    staff = acting(member(world.trey.organisation, Role.ADMIN_AGENT))
    hand_back_duty(duty, at=timezone.now() + 5 * DAY, acting=staff, reason="")

    html = text(signed_in.get(ENDING))
    assert "Handed back, " in html
    assert "Ask for an extension" not in html
    page = text(
        signed_in.get(f"/customers/{world.customer.pk}/subscriptions/{world.subscription.public_id}/")
    )
    assert "Trey Research hands it back on" in page


def test_the_count_of_the_rail_is_all_that_waits_and_one_query(world, agent, duty, django_assert_num_queries):
    expire(world.trey)
    declined = another(world)
    declined.ended_at, declined.ended_as = timezone.now(), EndedAs.DECLINED
    declined.save()
    customer = acting(member(world.customer.organisation, Role.GLOBAL_ADMIN))
    report_contact(
        world.trey,
        subscriptions=[world.subscription],
        day=timezone.localdate(),
        reason="no_answer",
        detail="",
        acting=customer,
    )
    with django_assert_num_queries(1):
        assert waiting_for(agent).attention == 3

    answer_report(ContactReport.objects.get(), answer="We called them.", acting=agent)
    assert waiting_for(agent).attention == 2


def test_the_rail_shows_it_to_agents_only(signed_in, client, world, duty):
    expire(world.trey)
    assert "rail-count" in text(signed_in.get("/customers/"))
    client.force_login(member(world.trey.organisation, Role.GLOBAL_ADMIN).user)
    assert "rail-count" not in text(client.get("/duties/"))
    client.force_login(member(world.provider.organisation, Role.BILLING_ADMIN).user)
    assert "Support contacts" not in text(client.get("/"))


def test_other_providers_designations_are_not_there(signed_in, world, duty):
    other = ProviderFactory()
    customer = CustomerFactory(organisation=OrganisationFactory(name="Somebody else’s"))
    CustomerRelationshipFactory(partner=other, customer=customer)
    DesignationFactory(
        subscription=SubscriptionFactory(provider=other, customer=customer), partner=world.trey
    )

    assert [row.pk for row in rows(signed_in, "/support-contacts/")] == [duty.pk]
    assert rows(signed_in) == []
    assert signed_in.get("/support-contacts/").context["list"].heading.everything == 1


@pytest.mark.parametrize(
    ("q", "found"),
    [("contoso", True), ("365", True), ("trey", True), ("TREY res", True), ("wingtip", False), ("\0", False)],
)
def test_search_looks_in_customer_offer_and_partner(signed_in, duty, q, found):
    response = signed_in.get("/support-contacts/", {"q": q})
    if "\0" in q:
        assert response.status_code == 422
    else:
        assert bool(response.context["list"].lines) == found


def test_search_by_id_and_filter_by_partner(signed_in, world, duty):
    other = another(world)
    make_eligible(wingtip := ResellerFactory(), provider=world.provider, customer=world.customer)
    DesignationFactory(
        subscription=SubscriptionFactory(provider=world.provider, customer=world.customer), partner=wingtip
    )
    assert rows(signed_in, f"/support-contacts/?q={world.subscription.microsoft_id.upper()}") == [duty]
    assert {row.pk for row in rows(signed_in, f"/support-contacts/?partner={world.trey.pk}")} == {
        duty.pk,
        other.pk,
    }
    assert len(rows(signed_in, f"/support-contacts/?q={world.customer.pk}")) == 3


def test_a_stranger_in_the_filter_is_not_named(signed_in, duty):
    stranger = ResellerFactory(organisation=OrganisationFactory(name="Unrelated reseller"))
    html = text(signed_in.get(f"/support-contacts/?partner={stranger.pk}"))
    assert "Unrelated reseller" not in html
    assert "No designation matches these filters" in html


@pytest.mark.parametrize("query", ["after=nonsense", "attention=2", "select=x", f"q={'a' * 201}"])
def test_an_address_we_would_not_write_is_refused_in_words(signed_in, query):
    response = signed_in.get(f"/support-contacts/?{query}")
    assert response.status_code == 422
    assert "Something in the address or form is not right." in text(response)


def test_pages_by_keyset_both_ways(signed_in, world, agent, monkeypatch):
    monkeypatch.setattr(attention_list, "PAGE_SIZE", 2)
    for number in range(5):
        row = another(world)
        row.started_at = timezone.now() - timedelta(days=number // 2 + 1)
        row.save()
    seen, address, pages = [], "/support-contacts/", []
    while address:
        listed = signed_in.get(address).context["list"]
        pages.append([line.designation.pk for line in listed.lines])
        seen += pages[-1]
        address = listed.next_url
    assert len(seen) == len(set(seen)) == 5
    assert [
        line.designation.pk for line in signed_in.get(listed.previous_url).context["list"].lines
    ] == pages[1]


def test_the_pages_query_count_is_constant(signed_in, world, duty, django_assert_num_queries):
    expire(world.trey)
    signed_in.get(NEEDS)
    # Session, person with memberships; counts, page, events, relationships, grants, suspensions, names; what waits.
    with django_assert_num_queries(10):
        signed_in.get(NEEDS)
    for _ in range(4):
        customer = CustomerFactory()
        CustomerRelationshipFactory(partner=world.provider, customer=customer)
        reseller = ResellerFactory()
        make_eligible(reseller, provider=world.provider, customer=customer)
        expire(reseller)
        DesignationFactory(
            subscription=SubscriptionFactory(provider=world.provider, customer=customer), partner=reseller
        )
    with django_assert_num_queries(10):
        signed_in.get(NEEDS)


@pytest.mark.parametrize(("role", "status"), [(Role.SALES_AGENT, 200), (Role.BILLING_ADMIN, 403)])
def test_by_role(client, world, duty, role, status):
    client.force_login(member(world.provider.organisation, role).user)
    expire(world.trey)
    response = client.get(NEEDS)
    assert response.status_code == status
    if status == 200:  # who may look but not change has nothing to tick
        assert 'type="checkbox"' not in text(response)


def test_not_a_page_of_resellers_or_customers(client, world):
    for organisation in (world.trey.organisation, world.customer.organisation):
        client.force_login(member(organisation, Role.GLOBAL_ADMIN).user)
        assert client.get("/support-contacts/").status_code == 404


def test_the_list_answers_the_filter_it_was_asked_with(world, agent, duty):
    """What "select all" takes is exactly what the list shows."""
    expire(world.trey)
    another(world)
    form = AttentionListForm({"attention": "1"})
    assert form.is_valid()
    listed = AttentionList(agent, timezone.now(), form.cleaned_data)
    assert set(listed.filter.rows) == {line.designation for line in listed.lines}
    assert listed.total == 2
