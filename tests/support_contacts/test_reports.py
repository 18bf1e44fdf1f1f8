""" "This contact is wrong or does not answer": once a card and day, until the provider changes it or answers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.errors import NotPermitted, NotVisible, OperationError
from portal.models import AuditEvent
from portal.permissions import Role
from support_contacts.models import ContactReport
from support_contacts.operations import choose_support_contact
from support_contacts.operations.reports import answer_report, report_contact
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
from tests.support_contacts.test_races import at_once

DAY = timedelta(days=1)


@pytest.fixture
def duty(world):
    return DesignationFactory(subscription=world.subscription, partner=world.trey)


@pytest.fixture
def admin(world):
    return member(world.customer.organisation, Role.GLOBAL_ADMIN, name="A person of Contoso")


@pytest.fixture
def customer(client, admin):
    client.force_login(admin.user)
    return client


def report(client, partner, **fields):
    return client.post(f"/support/report/{partner.pk}/", {"reason": "no_answer", **fields})


def test_one_button_on_each_card_and_only_there(customer, client, world, duty):
    second = SubscriptionFactory(provider=world.provider, customer=world.customer)
    html = text(customer.get("/support/"))
    assert html.count("This contact is wrong or does not answer") == 2
    assert f"/support/report/{world.trey.pk}/" in html
    assert f"/support/report/{world.provider.pk}/" in html

    client.force_login(world.admin_agent.user)
    for address in (
        f"/customers/{world.customer.pk}/as-customer/",
        f"/customers/{world.customer.pk}/subscriptions/{second.public_id}/",
    ):
        assert "This contact is wrong" not in text(client.get(address))


def test_a_report_is_told_to_the_provider_and_recorded(customer, world, admin, duty):
    page = text(customer.get(f"/support/report/{world.trey.pk}/"))
    assert "Tell Fabrikam Distribution" in page
    assert "Microsoft 365 E3" in page

    made = report(customer, world.trey, detail="It rings for ever.")

    assert (made.status_code, made["Location"]) == (303, f"/support/?reported={world.trey.pk}")
    row = ContactReport.objects.get()
    assert (row.provider, row.customer, row.partner) == (world.provider, world.customer, world.trey)
    assert (row.reason, row.detail, row.reported_by) == ("no_answer", "It rings for ever.", admin.user)
    event = AuditEvent.objects.get()
    assert (event.action, event.organisation_id) == ("contact.reported", world.provider.pk)
    assert (event.note.text, event.after["contact"]["name"]) == ("It rings for ever.", "Trey Research")
    html = text(customer.get(made["Location"]))
    assert "Fabrikam Distribution has been told that Trey Research is wrong or does not answer." in html
    assert "You reported this contact" in html


def test_a_second_report_of_the_day_says_so_and_writes_nothing(customer, world, duty):
    report(customer, world.trey)
    again = report(customer, world.trey, reason="wrong_number")

    assert again["Location"] == f"/support/?again={world.trey.pk}"
    assert "Reported today already." in text(customer.get(again["Location"]))
    assert "Reported today already." in text(customer.get(f"/support/report/{world.trey.pk}/"))
    assert ContactReport.objects.get().reason == "no_answer"
    assert AuditEvent.objects.count() == 1


def test_the_next_day_it_can_be_reported_again(client, world, admin, duty):
    morning = datetime.now(UTC).replace(hour=9, minute=0) + DAY
    with time_machine.travel(morning, tick=False) as clock:
        client.force_login(admin.user)
        report(client, world.trey)
        clock.move_to(morning + DAY, tick=False)
        client.force_login(admin.user)
        assert "This contact is wrong" in text(client.get("/support/"))
        report(client, world.trey)
    assert ContactReport.objects.count() == 2


def test_a_card_of_two_sellers_tells_both(customer, world, duty):
    other = ProviderFactory(organisation=OrganisationFactory(name="Proseware Distribution"))
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    make_eligible(world.trey, provider=other, customer=CustomerFactory())
    row = SubscriptionFactory(provider=other, customer=world.customer)
    DesignationFactory(subscription=row, partner=world.trey)

    report(customer, world.trey)

    assert {r.provider for r in ContactReport.objects.all()} == {world.provider, other}


@pytest.mark.parametrize(
    "fields", [{"reason": ""}, {"reason": "x"}, {"detail": "a" * 301}, {"detail": "a\x07"}]
)
def test_a_refused_form_comes_back_filled_in(customer, world, duty, fields):
    response = report(customer, world.trey, **{"detail": "Kept words", **fields})
    assert response.status_code == 422
    assert fields.get("detail", "Kept words").replace("\x07", "")[:10] in text(response)
    assert not ContactReport.objects.exists()


def test_who_is_no_contact_here_cannot_be_reported(customer, world):
    assert customer.get(f"/support/report/{world.trey.pk}/").status_code == 404
    assert report(customer, ResellerFactory()).status_code == 404
    assert report(customer, world.provider).status_code == 303


def test_the_operation_takes_only_ones_own_subscriptions(world, admin):
    foreign = SubscriptionFactory()
    with pytest.raises(NotVisible):
        report_contact(
            world.trey,
            subscriptions=[foreign],
            day=timezone.localdate(),
            reason="other",
            detail="",
            acting=acting(admin),
        )


@pytest.fixture
def told(world, duty):
    return ContactReport.objects.create(
        provider=world.provider,
        customer=world.customer,
        partner=world.trey,
        reason="wrong_number",
        detail="That is a bakery.",
        day=timezone.localdate(),
    )


def test_it_stands_under_needs_attention_until_it_is_answered(client, signed_in, world, admin, told):
    html = text(signed_in.get("/support-contacts/?attention=1"))
    assert "Customers say a contact is wrong or does not answer" in html
    assert "Trey Research: The number or address is wrong." in html
    assert "That is a bakery." in html

    page = f"/support-contacts/reports/{told.pk}/"
    assert "That is a bakery." in text(signed_in.get(page))
    assert signed_in.post(page, {"answer": " "}).status_code == 422
    made = signed_in.post(page, {"answer": "The number was corrected."})

    assert made.status_code == 303
    assert "Answered." in text(signed_in.get(made["Location"]))
    assert "That is a bakery." not in text(signed_in.get("/support-contacts/?attention=1"))
    event = AuditEvent.objects.get()
    assert (event.action, event.note.text) == ("contact.report_answered", "The number was corrected.")

    client.force_login(admin.user)
    html = text(client.get("/support/"))
    assert "Fabrikam Distribution answered, " in html
    assert "The number was corrected." in html


def test_the_answer_stands_for_seven_days(client, world, admin, agent, told):
    answer_report(told, answer="Call in the morning.", acting=agent)
    for days, shown in ((6, True), (8, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            client.force_login(admin.user)
            assert ("Call in the morning." in text(client.get("/support/"))) == shown


def test_a_change_of_the_contact_answers_it(signed_in, world, agent, told):
    choose_support_contact(world.subscription, partner_id=world.provider.pk, version=0, acting=agent)

    told.refresh_from_db()
    assert (told.answered_at is not None, told.answer) == (True, "")
    assert "The contact was changed" in text(signed_in.get(f"/support-contacts/reports/{told.pk}/"))


def test_a_change_at_another_customer_does_not(world, agent, told):
    other = CustomerFactory()
    CustomerRelationshipFactory(partner=world.provider, customer=other)
    row = SubscriptionFactory(provider=world.provider, customer=other)
    make_eligible(reseller := ResellerFactory(), provider=world.provider, customer=other)
    choose_support_contact(row, partner_id=reseller.pk, version=0, acting=agent)

    told.refresh_from_db()
    assert told.answered_at is None


def test_answering_twice_is_refused_with_the_words_kept(signed_in, world, agent, told):
    answer_report(told, answer="First.", acting=agent)
    with pytest.raises(OperationError):
        answer_report(told, answer="Second.", acting=agent)
    response = signed_in.post(f"/support-contacts/reports/{told.pk}/", {"answer": "My own words"})
    assert response.status_code == 409
    assert "My own words" in text(response)
    assert "First." in text(response)


def test_another_provider_sees_nothing_of_it(client, world, told):
    other = member(ProviderFactory().organisation, Role.GLOBAL_ADMIN)
    client.force_login(other.user)
    assert client.get(f"/support-contacts/reports/{told.pk}/").status_code == 404
    assert "That is a bakery." not in text(client.get("/support-contacts/?attention=1"))
    with pytest.raises(NotVisible):
        answer_report(told, answer="x", acting=acting(other))
    # The reseller it is about is not told either.
    client.force_login(member(world.trey.organisation, Role.GLOBAL_ADMIN).user)
    assert "That is a bakery." not in text(client.get("/duties/"))


def test_answers_need_the_role_that_assigns(client, world, told):
    sales = member(world.provider.organisation, Role.SALES_AGENT)
    with pytest.raises(NotPermitted):
        answer_report(told, answer="x", acting=acting(sales))
    client.force_login(sales.user)
    assert client.get(f"/support-contacts/reports/{told.pk}/").status_code == 403
    assert "That is a bakery." in text(client.get("/support-contacts/?attention=1"))


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_make_one_report():
    world = make_world()
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    people = [acting(member(world.customer.organisation, Role.GLOBAL_ADMIN)) for _ in range(2)]
    day = timezone.localdate()

    def send(person):
        return lambda: report_contact(
            world.trey, subscriptions=[world.subscription], day=day, reason="other", detail="", acting=person
        )

    one, two = at_once(*(send(person) for person in people))

    assert sorted([len(one.made), len(two.made)]) == [0, 1]
    assert ContactReport.objects.count() == AuditEvent.objects.count() == 1
