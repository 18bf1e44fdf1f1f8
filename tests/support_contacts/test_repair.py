"""R8: many at once, each an ordinary audited change: a plan first, then the act, each row with its own outcome."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.errors import NotPermitted
from portal.models import AuditEvent
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import ContactReport, Designation, EndedAs, Repair
from support_contacts.operations import Changed, choose_support_contact
from support_contacts.operations import repair as operation
from support_contacts.operations.repair import forget_selections, repair, select_for_repair
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import ROUNDS, at_once, chooser

DAY = timedelta(days=1)
NEEDS = "/support-contacts/?attention=1"


def expire(partner):
    for related in partner.customer_relationships.all():
        related.delegated_admins.update(ends_at=timezone.now() - DAY)


def stale_rows(world, count=3):
    """Designations of Trey whose grant expired yesterday."""
    found = [DesignationFactory(subscription=world.subscription, partner=world.trey)]
    for number in range(count - 1):
        row = SubscriptionFactory(
            provider=world.provider, customer=world.customer, offer_name=f"Offer {number}"
        )
        found.append(DesignationFactory(subscription=row, partner=world.trey))
    expire(world.trey)
    return found


def selected(agent, designations):
    return select_for_repair([row.subscription_id for row in designations], acting=agent)


def versions(designations):
    rows = Subscription.objects.filter(pk__in=[row.subscription_id for row in designations])
    return {row.pk: row.contact_version for row in rows}


def other_reseller(world, name="First Up Consultants"):
    reseller = ResellerFactory(organisation=OrganisationFactory(name=name))
    make_eligible(reseller, provider=world.provider, customer=world.customer)
    return reseller


def outcomes(made):
    return sorted(outcome for outcome, *_more in made.outcomes.values())


# -- the operation


def test_back_to_provider_ends_each_with_its_own_event(world, agent):
    rows = stale_rows(world)
    made = repair(selected(agent, rows), partner=world.provider, versions=versions(rows), acting=agent)

    assert outcomes(made) == ["changed"] * 3
    assert made.finished_at is not None
    assert not Designation.objects.stored().exists()
    assert set(Designation.objects.values_list("ended_as", flat=True)) == {"back_to_provider"}
    events = list(AuditEvent.objects.all())
    assert len(events) == 3
    assert {(e.action, e.channel) for e in events} == {("designation.ended", "bulk")}
    assert {e.actor_role for e in events} == {"admin_agent"}
    assert {e.before["reason"] for e in events} == {"delegated_admin_expired"}
    assert set(Subscription.objects.values_list("contact_version", flat=True)) == {1}


def test_replacing_changes_those_that_may_and_says_why_not_the_others(world, agent):
    rows = stale_rows(world, 2)
    elsewhere = CustomerFactory()
    CustomerRelationshipFactory(partner=world.provider, customer=elsewhere)
    stranger = DesignationFactory(
        subscription=SubscriptionFactory(provider=world.provider, customer=elsewhere), partner=world.trey
    )
    moved = DesignationFactory(
        subscription=SubscriptionFactory(provider=world.provider, customer=world.customer), partner=world.trey
    )
    over = DesignationFactory(
        subscription=SubscriptionFactory(
            provider=world.provider, customer=world.customer, status="expired", ended_at=timezone.now()
        ),
        partner=world.trey,
    )
    Subscription.objects.filter(pk=moved.subscription_id).update(is_new_commerce=True)
    target = other_reseller(world)
    every = [*rows, stranger, moved, over]

    made = repair(selected(agent, every), partner=target, versions=versions(every), acting=agent)

    assert outcomes(made) == ["changed", "changed", "excluded", "excluded", "not_eligible"]
    assert made.outcomes[str(stranger.subscription_id)] == ["not_eligible", "delegated_admin_missing"]
    assert made.outcomes[str(moved.subscription_id)] == ["excluded", "new_commerce_not_supported"]
    assert made.outcomes[str(over.subscription_id)] == ["excluded", "subscription_ended"]
    assert Designation.objects.in_force(timezone.now()).filter(partner=target).count() == 2
    assert AuditEvent.objects.count() == 2


def test_what_somebody_changed_after_the_plan_is_left_alone(world, agent):
    rows = stale_rows(world, 2)
    planned, target, third = versions(rows), other_reseller(world), other_reseller(world, "Third")
    choose_support_contact(world.subscription, partner_id=third.pk, version=0, acting=agent)

    made = repair(selected(agent, rows), partner=target, versions=planned, acting=agent)

    assert outcomes(made) == ["changed", "conflict"]
    assert Designation.objects.stored().get(subscription=world.subscription).partner == third


def test_what_is_so_already_is_a_success_even_from_a_stale_plan(world, agent):
    rows = stale_rows(world, 2)
    planned, target = versions(rows), other_reseller(world)
    choose_support_contact(world.subscription, partner_id=target.pk, version=0, acting=agent)

    made = repair(selected(agent, rows), partner=target, versions=planned, acting=agent)

    assert outcomes(made) == ["already", "changed"]
    assert AuditEvent.objects.count() == 2


def test_submitted_twice_it_is_done_once(world, agent):
    rows = stale_rows(world)
    row = selected(agent, rows)
    first = repair(row, partner=world.provider, versions=versions(rows), acting=agent)
    again = repair(row, partner=other_reseller(world), versions=versions(rows), acting=agent)

    assert again.pk == first.pk
    assert again.partner_id == world.provider.pk
    assert AuditEvent.objects.count() == 3


def test_back_to_provider_takes_note_of_what_others_ended(world, agent):
    ended = DesignationFactory(
        subscription=world.subscription,
        partner=world.trey,
        ended_at=timezone.now(),
        ended_as=EndedAs.DECLINED,
    )
    made = repair(selected(agent, [ended]), partner=world.provider, versions=versions([ended]), acting=agent)

    assert outcomes(made) == ["already"]
    assert not Designation.objects.unseen().exists()
    event = AuditEvent.objects.get()
    assert (event.action, event.channel) == ("designation.end_seen", "bulk")
    world.subscription.refresh_from_db()
    assert world.subscription.contact_version == 0, "the contact is what it was"


def test_back_to_provider_takes_note_of_moves_to_new_commerce(world, agent):
    """An import may bring many of them at once."""
    ended = DesignationFactory(
        subscription=world.subscription,
        partner=world.trey,
        ended_at=timezone.now(),
        ended_as=EndedAs.NEW_COMMERCE,
    )
    Subscription.objects.filter(pk=world.subscription.pk).update(is_new_commerce=True)
    made = repair(selected(agent, [ended]), partner=world.provider, versions=versions([ended]), acting=agent)

    assert outcomes(made) == ["already"]
    assert not Designation.objects.unseen().exists()


def test_a_repair_answers_the_reports_of_its_customers(world, agent):
    rows = stale_rows(world)
    report = ContactReport.objects.create(
        provider=world.provider,
        customer=world.customer,
        partner=world.trey,
        reason="no_answer",
        day=timezone.localdate(),
    )
    repair(selected(agent, rows), partner=world.provider, versions=versions(rows), acting=agent)

    report.refresh_from_db()
    assert (report.answered_at is not None, report.answer) == (True, "")


def test_somebody_elses_subscriptions_cannot_be_selected_nor_changed(world, agent):
    foreign = DesignationFactory(subscription=SubscriptionFactory(), partner=world.trey)
    row = selected(agent, [foreign])
    assert row.selection == []

    row.selection = [str(foreign.subscription_id)]
    row.save()
    made = repair(row, partner=world.provider, versions={foreign.subscription_id: 0}, acting=agent)

    assert outcomes(made) == ["gone"]
    foreign.refresh_from_db()
    assert foreign.ended_at is None


def test_only_what_was_selected_is_changed(world, agent):
    rows = stale_rows(world, 2)
    made = repair(selected(agent, rows[:1]), partner=world.provider, versions=versions(rows), acting=agent)
    assert len(made.outcomes) == 1


def test_who_may_not_assign_may_not_repair(world):
    rows = stale_rows(world, 1)
    sales = acting(member(world.provider.organisation, Role.SALES_AGENT))
    with pytest.raises(NotPermitted):
        select_for_repair([rows[0].subscription_id], acting=sales)


def test_chunks_and_the_queries_of_a_row_are_bounded(
    world, agent, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(operation, "CHUNK", 4)
    rows = stale_rows(world, 9)
    target = other_reseller(world)
    row, planned = selected(agent, rows), versions(rows)
    # Three transactions; for each row its end, its beginning, its version, its event and who is told, a savepoint.
    with django_assert_max_num_queries(160):
        made = repair(row, partner=target, versions=planned, acting=agent)
    assert outcomes(made) == ["changed"] * 9


def test_selections_nobody_submitted_are_forgotten(world, agent):
    rows = stale_rows(world, 1)
    kept, forgotten = selected(agent, rows), selected(agent, rows)
    repair(kept, partner=world.provider, versions=versions(rows), acting=agent)
    Repair.objects.update(created_at=timezone.now() - 2 * DAY)

    assert forget_selections(timezone.now() - DAY) == 1
    assert not Repair.objects.filter(pk=forgotten.pk).exists()


# -- races


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_repairs_at_once_change_each_row_once(number):
    world = make_world()
    rows = stale_rows(world, 5)
    first, second = other_reseller(world), other_reseller(world, "Second")
    agents = [acting(world.admin_agent), acting(member(world.provider.organisation, Role.HELPDESK_AGENT))]
    plans = [selected(agent, rows) for agent in agents]
    planned = versions(rows)

    one, two = at_once(
        lambda: repair(plans[0], partner=first, versions=planned, acting=agents[0]),
        lambda: repair(plans[1], partner=second, versions=dict(reversed(planned.items())), acting=agents[1]),
    )

    assert sorted([outcomes(one), outcomes(two)]) == [["changed"] * 5, ["conflict"] * 5]
    assert AuditEvent.objects.count() == 5
    assert Designation.objects.stored().values("partner").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_same_repair_submitted_twice_at_once_is_one(number):
    world = make_world()
    rows = stale_rows(world, 3)
    agent, planned = acting(world.admin_agent), versions(rows)
    row = selected(agent, rows)

    def submit():
        return repair(row, partner=world.provider, versions=planned, acting=agent)

    one, two = at_once(submit, submit)

    assert one.pk == two.pk
    assert AuditEvent.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_repair_and_a_choice_of_one_of_its_rows_have_two_orders(number):
    world = make_world()
    rows = stale_rows(world, 3)
    target, other = other_reseller(world), other_reseller(world, "Other")
    agents = [acting(world.admin_agent), acting(member(world.provider.organisation, Role.HELPDESK_AGENT))]
    row, planned = selected(agents[0], rows), versions(rows)

    made, chosen = at_once(
        lambda: repair(row, partner=target, versions=planned, acting=agents[0]),
        chooser(world.subscription, other, agents[1]),
    )

    if isinstance(chosen, Changed):
        assert outcomes(made) == ["changed", "changed", "conflict"]
    else:
        assert outcomes(made) == ["changed"] * 3
    assert AuditEvent.objects.count() == 3


# -- the pages


def post_selection(client, **fields):
    return client.post("/support-contacts/repair/", {"attention": "1", **fields})


def test_the_whole_way_from_the_list_to_the_result(signed_in, world):
    rows = stale_rows(world)
    target = other_reseller(world)

    chosen = post_selection(signed_in, act="replace", designation=[row.pk for row in rows])
    assert chosen.status_code == 303
    page = signed_in.get(chosen["Location"])
    assert "eligible for 3 of 3" in text(page)
    assert "Nothing is written yet." in text(page)

    address = f"{chosen['Location']}?partner={target.pk}"
    plan = signed_in.get(address)
    assert "Replace with First Up Consultants: the plan" in text(plan)
    assert "Change 3 subscriptions" in text(plan)
    assert not AuditEvent.objects.exists()

    done = signed_in.post(
        chosen["Location"],
        {
            "partner": target.pk,
            "rows": plan.context["plan"].versions,
            "organisation": world.provider.pk,
        },
    )
    assert (done.status_code, done["Location"]) == (303, chosen["Location"])
    for _ in range(2):  # safe to load again
        assert "3 changed, 0 not." in text(signed_in.get(done["Location"]))
    again = signed_in.post(chosen["Location"], {"partner": world.provider.pk, "rows": ""})
    assert again.status_code == 303
    assert AuditEvent.objects.count() == 3


def test_back_to_provider_goes_to_its_plan_at_once(signed_in, world):
    rows = stale_rows(world, 1)
    made = post_selection(signed_in, act="provider", designation=[rows[0].pk])
    page = text(signed_in.get(made["Location"]))
    assert "Back to Fabrikam Distribution: the plan" in page
    assert "Change 1 subscription" in page


def test_select_all_that_match_takes_the_filter(signed_in, world):
    stale_rows(world, 4)
    html = text(signed_in.get(f"{NEEDS}&select=all"))
    assert "4 selected" in html
    made = post_selection(signed_in, act="provider", all="1")
    assert len(Repair.objects.get().selection) == 4
    assert "Change 4 subscriptions" in text(signed_in.get(made["Location"]))


def test_more_than_a_thousand_are_taken_in_parts_and_said(signed_in, world, monkeypatch):
    monkeypatch.setattr("support_contacts.views.attention.LARGEST", 2)
    stale_rows(world, 3)
    made = post_selection(signed_in, act="provider", all="1")
    assert "1 more matches." in text(signed_in.get(made["Location"]))


def test_a_refused_selection_loaded_again_is_the_list(signed_in, world):
    response = signed_in.get("/support-contacts/repair/")
    assert (response.status_code, response["Location"]) == (302, NEEDS)


def test_nothing_ticked_is_said_on_the_list(signed_in, world):
    stale_rows(world, 1)
    response = post_selection(signed_in, act="provider")
    assert response.status_code == 422
    assert "Nothing selected." in text(response)
    assert "Offer" in text(response) or "Microsoft 365 E3" in text(response)


@pytest.mark.parametrize("rows", ["", "nonsense", "1:2:3", "01a20346-2cca-7ccf-a03c-d8e07be374ef:x"])
def test_a_plan_that_does_not_parse_is_shown_anew(signed_in, world, rows):
    stale = stale_rows(world, 1)
    address = post_selection(signed_in, act="provider", designation=[stale[0].pk])["Location"].partition("?")[
        0
    ]
    response = signed_in.post(address, {"partner": world.provider.pk, "rows": rows})
    assert response.status_code == 422
    assert "Here is the plan as it is now." in text(response)
    assert not AuditEvent.objects.exists()


def test_no_partner_or_a_stranger_leads_back_to_the_choice(signed_in, world):
    stale = stale_rows(world, 1)
    address = post_selection(signed_in, act="replace", designation=[stale[0].pk])["Location"]
    for partner in ("", "x", ResellerFactory().pk):
        response = signed_in.post(address, {"partner": partner, "rows": f"{world.subscription.pk}:0"})
        assert response.status_code == 422
        assert "Choose who supports them." in text(response)


def test_a_plan_says_why_not(signed_in, world):
    stale = stale_rows(world, 1)
    related = other_reseller(world)
    expire(related)
    address = post_selection(signed_in, act="replace", designation=[stale[0].pk])["Location"]
    html = text(signed_in.get(f"{address}?partner={related.pk}"))
    assert "Delegated admin at Contoso expired" in html
    assert "Nothing would change." in html


def test_another_organisations_plan_is_not_there(client, signed_in, world):
    stale = stale_rows(world, 1)
    address = post_selection(signed_in, act="provider", designation=[stale[0].pk])["Location"]
    client.force_login(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN).user)
    assert client.get(address).status_code == 404
    client.force_login(member(world.provider.organisation, Role.SALES_AGENT).user)
    assert client.get(address).status_code == 403
    assert post_selection(client, act="provider", designation=[stale[0].pk]).status_code == 403


def test_the_plans_query_count_is_constant(signed_in, world, django_assert_num_queries):
    stale_rows(world, 2)
    target = other_reseller(world)
    address = post_selection(signed_in, act="replace", all="1")["Location"]
    signed_in.get(f"{address}?partner={target.pk}")
    with django_assert_num_queries(11):
        signed_in.get(f"{address}?partner={target.pk}")
    for number in range(5):
        row = SubscriptionFactory(
            provider=world.provider, customer=world.customer, offer_name=f"More {number}"
        )
        DesignationFactory(subscription=row, partner=world.trey)
    address = post_selection(signed_in, act="replace", all="1")["Location"]
    with django_assert_num_queries(11):
        page = signed_in.get(f"{address}?partner={target.pk}")
    assert "Change 7 subscriptions" in text(page)
