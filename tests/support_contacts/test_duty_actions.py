"""A reseller answers for its duties: acknowledge, decline, hand back (R2, R7), and the provider is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.actor import Actor
from portal.errors import Conflict, NotPermitted, NotVisible, OperationError
from portal.models import AuditEvent, Membership, Notice
from portal.permissions import Role
from support_contacts.models import Designation, contact_at, standings
from support_contacts.operations import AlreadySo, Changed, choose_support_contact
from support_contacts.operations.duties import acknowledge_duty, decline_duty, hand_back_duty, keep_duty
from tests.factories import DesignationFactory, ResellerFactory, SubscriptionFactory, make_eligible, today
from tests.pages import text
from tests.support_contacts.conftest import acting, make_world, member
from tests.support_contacts.test_races import ROUNDS, at_once, chooser

DAY = timedelta(days=1)


@pytest.fixture
def staff(world):
    return acting(member(world.trey.organisation, Role.ADMIN_AGENT, name="Trey admin"))


@pytest.fixture
def duty(world):
    return DesignationFactory(subscription=world.subscription, partner=world.trey)


def contact(world):
    row = world.subscription
    row.refresh_from_db()
    found = list(row.designations.select_related("partner__organisation"))
    return contact_at(row, found, standings(world.provider, world.customer.pk), timezone.now())


def test_acknowledging_is_recorded_once_and_changes_no_contact(world, staff, duty):
    acknowledge_duty(duty, acting=staff)
    acknowledge_duty(duty, acting=staff)

    duty.refresh_from_db()
    event = AuditEvent.objects.get()
    assert duty.acknowledged_at == event.at
    assert (event.action, event.organisation_id) == ("designation.acknowledged", world.provider.pk)
    assert event.actor_organisation_name == "Trey Research"
    assert contact(world).partner == world.trey
    assert world.subscription.contact_version == 0


def test_r2_declining_ends_it_at_once_and_tells_the_provider_why(world, staff, duty):
    decline_duty(duty, acting=staff, reason="Not in our contract.")
    decline_duty(duty, acting=staff, reason="Twice.")

    duty.refresh_from_db()
    assert (duty.ended_as, duty.end_seen_at) == ("declined", None)
    assert contact(world).is_provider
    assert world.subscription.contact_version == 1
    event = AuditEvent.objects.get()
    assert (event.action, event.channel, event.actor_role) == ("designation.ended", "portal", "admin_agent")
    assert event.note.text == "Not in our contract."
    assert event.before["designated"]["name"] == event.before["contact"]["name"] == "Trey Research"
    assert (event.after["contact"]["name"], event.after["ended_as"]) == ("Fabrikam Distribution", "declined")
    notice = Notice.objects.get()
    assert (notice.organisation_id, notice.kind) == (world.provider.pk, "designation_declined")
    assert notice.data["partner"] == "Trey Research"
    assert list(Designation.objects.unseen()) == [duty]


def test_r7_handing_back_in_future_holds_until_that_instant_without_any_job(world, staff, duty):
    at = timezone.now() + 3 * DAY
    hand_back_duty(duty, at=at, acting=staff, reason="We close this desk.")

    assert contact(world).partner == world.trey
    event = AuditEvent.objects.get()
    assert event.action == "designation.hand_back_planned"
    assert event.after["hands_back_at"] == at.isoformat()
    assert Designation.objects.in_force(at - timedelta(microseconds=1)).exists()
    assert not Designation.objects.in_force(at).exists()
    assert [row.pk for row in Designation.objects.needs_attention(at)] == [duty.pk]
    assert Designation.objects.ending(timezone.now(), timezone.now() + 31 * DAY).exists()
    assert not Designation.objects.ending(timezone.now(), timezone.now() + 2 * DAY).exists()
    assert Notice.objects.get().kind == "designation_handed_back"


def test_handing_back_today_ends_it(world, staff, duty):
    hand_back_duty(duty, at=timezone.now() - timedelta(hours=3), acting=staff, reason="")

    duty.refresh_from_db()
    assert (duty.ended_as, duty.hands_back_at) == ("handed_back", None)
    assert contact(world).is_provider
    assert world.subscription.contact_version == 1


def test_an_announced_hand_back_can_be_moved_and_taken_back(world, staff, duty):
    first, second = timezone.now() + 3 * DAY, timezone.now() + 9 * DAY
    hand_back_duty(duty, at=first, acting=staff, reason="")
    hand_back_duty(duty, at=first, acting=staff, reason="")
    hand_back_duty(duty, at=second, acting=staff, reason="")
    assert AuditEvent.objects.count() == 2
    assert Notice.objects.get().data["at"] == second.isoformat()

    keep_duty(duty, acting=staff)
    keep_duty(duty, acting=staff)

    duty.refresh_from_db()
    assert duty.hands_back_at is None
    assert AuditEvent.objects.count() == 3
    assert not Notice.objects.exists()


def test_what_was_handed_back_can_be_chosen_anew(world, agent, duty):
    """Stored but not in force is not "already so": the choice is a new designation."""
    duty.hands_back_at = timezone.now() - DAY
    duty.save()

    made = choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent)

    assert isinstance(made, Changed)
    assert made.event.before["reason"] == "handed_back"
    assert contact(world).partner == world.trey


def test_a_later_choice_of_the_provider_has_seen_the_end(world, agent, staff, duty):
    decline_duty(duty, acting=staff, reason="No.")
    other = ResellerFactory()
    make_eligible(other, provider=world.provider, customer=world.customer)

    choose_support_contact(world.subscription, partner_id=other.pk, version=1, acting=agent)

    assert not Designation.objects.unseen().exists()
    assert Notice.objects.get().seen_at is not None


def test_somebody_elses_duty_is_not_there(world, duty):
    other = acting(member(ResellerFactory().organisation, Role.GLOBAL_ADMIN))
    for act in (
        lambda: acknowledge_duty(duty, acting=other),
        lambda: decline_duty(duty, acting=other, reason="x"),
        lambda: hand_back_duty(duty, at=timezone.now(), acting=other, reason=""),
        lambda: keep_duty(duty, acting=other),
    ):
        with pytest.raises(NotVisible):
            act()


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.SALES_AGENT, Role.BILLING_ADMIN])
def test_answers_need_the_role_that_answers(world, duty, role):
    with pytest.raises(NotPermitted):
        decline_duty(duty, acting=acting(member(world.trey.organisation, role)), reason="x")


def test_a_role_taken_away_since_the_page_was_loaded_counts(world, duty):
    membership = member(world.trey.organisation, Role.ADMIN_AGENT)
    stale: Actor = acting(membership)
    Membership.objects.filter(pk=membership.pk).update(roles=[Role.SALES_AGENT])

    with pytest.raises(NotPermitted):
        decline_duty(duty, acting=stale, reason="x")


def test_what_was_ended_meanwhile_cannot_be_answered(world, agent, staff, duty):
    choose_support_contact(world.subscription, partner_id=world.provider.pk, version=0, acting=agent)

    with pytest.raises(OperationError, match="do not support this any more"):
        acknowledge_duty(duty, acting=staff)
    with pytest.raises(OperationError):
        decline_duty(duty, acting=staff, reason="x")
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_declining_while_an_agent_chooses_has_only_two_orders(number):
    """Declined first: the agent's form is stale, a conflict. Chosen first: there is nothing left to decline."""
    world = make_world()
    other = ResellerFactory()
    make_eligible(other, provider=world.provider, customer=world.customer)
    duty = DesignationFactory(subscription=world.subscription, partner=world.trey)
    agent = acting(world.admin_agent)
    staff = acting(member(world.trey.organisation, Role.ADMIN_AGENT))

    chosen, declined = at_once(
        chooser(world.subscription, other, agent), lambda: decline_duty(duty, acting=staff, reason="No.")
    )

    duty.refresh_from_db()
    events = list(AuditEvent.objects.order_by("at", "pk"))
    assert len(events) == 1
    if isinstance(declined, Designation):
        assert isinstance(chosen, Conflict)
        assert (duty.ended_as, events[0].after["ended_as"]) == ("declined", "declined")
        assert not Designation.objects.stored().exists()
    else:
        assert isinstance(declined, OperationError)
        assert isinstance(chosen, Changed)
        assert duty.ended_as == "replaced"
        assert Designation.objects.stored().get().partner == other
    assert not isinstance(chosen, AlreadySo)


# -- the pages


@pytest.fixture
def signed_in_staff(client, world):
    client.force_login(member(world.trey.organisation, Role.ADMIN_AGENT, name="Trey admin").user)
    return client


def test_the_page_shows_the_duty_its_agreement_and_its_answers(signed_in_staff, world, duty):
    related = world.trey.provider_relationships.get()
    related.agreement_reference, related.escalation_contact = "FD-118", "Duty manager"
    related.save()
    html = text(signed_in_staff.get(f"/duties/{duty.pk}/"))

    for shown in (
        "For Contoso, sold by Fabrikam Distribution",
        "FD-118",
        "Duty manager",
        "Acknowledge",
        "Decline",
    ):
        assert shown in html


def test_acknowledging_and_keeping_by_their_buttons(signed_in_staff, duty):
    made = signed_in_staff.post(f"/duties/{duty.pk}/acknowledge/")
    assert (made.status_code, made["Location"]) == (303, f"/duties/{duty.pk}/?done=acknowledged")
    assert "Acknowledged." in text(signed_in_staff.get(made["Location"]))

    day = (today() + 5 * DAY).isoformat()
    made = signed_in_staff.post(f"/duties/{duty.pk}/hand-back/", {"back-day": day, "back-reason": "Closing."})
    assert "Announced." in text(signed_in_staff.get(made["Location"]))
    made = signed_in_staff.post(f"/duties/{duty.pk}/keep/")
    assert "Kept." in text(signed_in_staff.get(made["Location"]))
    duty.refresh_from_db()
    assert (duty.hands_back_at, duty.acknowledged_at is not None) == (None, True)


def test_a_day_is_the_readers_and_today_means_now(signed_in_staff, duty):
    made = signed_in_staff.post(f"/duties/{duty.pk}/hand-back/", {"back-day": today().isoformat()})
    duty.refresh_from_db()
    assert duty.ended_as == "handed_back"
    assert "Handed back." in text(signed_in_staff.get(made["Location"]))


@pytest.mark.parametrize("days", [-1, 366, None])
def test_a_day_too_early_too_late_or_none_is_refused_with_the_words_kept(signed_in_staff, duty, days):
    day = "" if days is None else (today() + days * DAY).isoformat()
    response = signed_in_staff.post(
        f"/duties/{duty.pk}/hand-back/", {"back-day": day, "back-reason": "My reason"}
    )
    assert response.status_code == 422
    assert "Choose a date between" in text(response)
    assert "My reason" in text(response)


def test_declining_needs_a_reason(signed_in_staff, duty):
    response = signed_in_staff.post(f"/duties/{duty.pk}/decline/", {"decline-reason": " "})
    assert response.status_code == 422
    assert "Enter a reason; the provider reads it." in text(response)
    made = signed_in_staff.post(f"/duties/{duty.pk}/decline/", {"decline-reason": "No engineer."})
    html = text(signed_in_staff.get(made["Location"]))
    assert "Declined." in html
    assert "sold by" not in html  # afterwards only customer, subscription, from and until


def test_a_refused_answer_loaded_again_is_the_duty(signed_in_staff, duty):
    for act in ("decline", "hand-back"):
        response = signed_in_staff.get(f"/duties/{duty.pk}/{act}/")
        assert (response.status_code, response["Location"]) == (302, f"/duties/{duty.pk}/")


def test_what_was_ended_meanwhile_is_said_with_the_words_kept(signed_in_staff, world, agent, duty):
    choose_support_contact(world.subscription, partner_id=world.provider.pk, version=0, acting=agent)
    response = signed_in_staff.post(f"/duties/{duty.pk}/decline/", {"decline-reason": "My reason"})
    assert response.status_code == 409
    assert "You do not support this any more." in text(response)
    assert "My reason" in text(response)


def test_the_pages_by_organisation_and_role(client, world, duty):
    acts = ("acknowledge", "decline", "hand-back", "keep")
    client.force_login(member(ResellerFactory().organisation, Role.GLOBAL_ADMIN).user)
    assert client.get(f"/duties/{duty.pk}/").status_code == 404
    assert {client.post(f"/duties/{duty.pk}/{act}/").status_code for act in acts} == {404}
    client.force_login(member(world.trey.organisation, Role.SALES_AGENT).user)
    assert "Acknowledge</button>" not in text(client.get(f"/duties/{duty.pk}/"))
    assert {client.post(f"/duties/{duty.pk}/{act}/").status_code for act in acts} == {403}
    client.force_login(world.admin_agent.user)
    assert client.get(f"/duties/{duty.pk}/").status_code == 404


def csv(client, address="/duties/export/"):
    response = client.get(address)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(response.streaming_content).decode("utf-8-sig").split("\r\n")


def test_the_export_has_the_rows_of_the_list_and_runs_no_formula(signed_in_staff, world, duty):
    world.subscription.offer_name = '=HYPERLINK("http://evil.example")'
    world.subscription.save()
    world.relationship.company_name, world.relationship.alias = "@Contoso", "The difficult ones"
    world.relationship.save()
    lines = csv(signed_in_staff)

    assert lines[0].startswith("Customer,Microsoft ID,")
    assert "'@Contoso" in lines[1]
    assert "'=HYPERLINK" in lines[1]
    assert "difficult" not in "".join(lines)
    assert len(lines) == 3  # heads, one duty, the end
    assert csv(signed_in_staff, "/duties/export/?show=earlier")[1:] == [""]


def test_the_export_tells_no_details_of_what_no_longer_holds(signed_in_staff, world, duty):
    world.trey.customer_relationships.get().delegated_admins.update(ends_at=timezone.now() - DAY)
    line = csv(signed_in_staff)[1]
    assert "Contoso" in line
    for hidden in (str(world.customer.pk), "Fabrikam", world.subscription.microsoft_id):
        assert hidden not in line


def test_the_export_goes_on_past_its_chunks(signed_in_staff, world, monkeypatch):
    monkeypatch.setattr("support_contacts.views.duties.CHUNK", 2)
    same = timezone.now() - DAY
    for _ in range(5):
        row = SubscriptionFactory(provider=world.provider, customer=world.customer)
        DesignationFactory(subscription=row, partner=world.trey, started_at=same)
    lines = csv(signed_in_staff)[1:-1]
    assert len(lines) == len(set(lines)) == 5


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("contoso", True),
        ("365", True),
        ("fabrikam", True),
        ("difficult", False),
        ("nickname", False),
        ("wingtip", False),
    ],
)
def test_search_finds_what_is_shown_and_nothing_else(signed_in_staff, world, duty, q, found):
    world.relationship.alias = "The difficult ones"
    world.relationship.save()
    world.subscription.friendly_name = "A nickname"
    world.subscription.save()
    assert bool(signed_in_staff.get("/duties/", {"q": q}).context["duties"]) == found


def test_the_seller_and_ids_are_not_searched_once_it_no_longer_holds(signed_in_staff, world, duty):
    def found(q):
        return bool(signed_in_staff.get("/duties/", {"q": q}).context["duties"])

    assert found("fabrikam")
    assert found(str(world.customer.pk))
    assert found(world.subscription.microsoft_id)
    world.trey.customer_relationships.get().delegated_admins.update(ends_at=timezone.now() - DAY)
    assert not (found("fabrikam"))
    assert not (found(str(world.customer.pk)))
    assert not (found(world.subscription.microsoft_id))
    assert found("contoso")


def test_chips_show_what_waits_and_what_ends(signed_in_staff, world, duty):
    def listed(show):
        return [
            row.designation.pk for row in signed_in_staff.get("/duties/", {"show": show}).context["duties"]
        ]

    assert listed("waiting") == [duty.pk]
    assert listed("ending") == []
    Designation.objects.update(acknowledged_at=timezone.now(), hands_back_at=timezone.now() + 3 * DAY)
    assert listed("waiting") == []
    assert listed("ending") == [duty.pk]
    assert "Handed back" in text(signed_in_staff.get("/duties/"))
