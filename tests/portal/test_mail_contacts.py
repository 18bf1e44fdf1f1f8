"""Who is told of support contacts: whoever they came to, whoever they left, the customer; once a person and act."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.models import Action, AuditEvent, Mail, MailKind, SupportProfile
from portal.permissions import Role
from support_contacts import digest_tasks
from support_contacts.models import Designation
from support_contacts.operations import choose_support_contact
from support_contacts.operations.duties import decline_duty, hand_back_duty, keep_duty
from support_contacts.operations.repair import plan, repair, select_for_repair
from support_contacts.operations.reports import answer_report, report_contact
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.letterbox import told, work
from tests.portal.test_mail_relationships import acting, person
from tests.support_contacts.conftest import make_world


@pytest.fixture
def world(db):
    made = make_world()
    made.agent = person(made.provider.organisation, "agent", Role.ADMIN_AGENT)
    made.trey_desk = person(made.trey.organisation, "treydesk", Role.HELPDESK_AGENT, language="fr")
    made.trey_boss = person(made.trey.organisation, "treyboss", Role.GLOBAL_ADMIN)
    made.trey_sales = person(made.trey.organisation, "treysales", Role.SALES_AGENT)
    made.owner = person(made.customer.organisation, "owner", Role.GLOBAL_ADMIN)
    made.reader = person(made.customer.organisation, "reader", Role.SERVICE_SUPPORT_ADMIN)
    made.alpine = ResellerFactory(organisation=OrganisationFactory(name="Alpine Ski House"))
    made.alpine_boss = person(made.alpine.organisation, "alpineboss", Role.GLOBAL_ADMIN)
    make_eligible(made.alpine, provider=made.provider, customer=made.customer)
    made.admin_agent.delete()
    return made


def choose(world, partner, subscription=None, **more):
    return choose_support_contact(
        subscription or world.subscription,
        partner_id=partner.pk,
        version=None,
        acting=acting(world.agent),
        **more,
    )


def names() -> set[str]:
    work()
    found = {address.partition("@")[0] for address in told()}
    assert Mail.objects.count() == len(found), "one mail a person"
    Mail.objects.all().delete()
    return found


def test_a_choice_is_told_to_whom_it_came_and_to_the_customer(world) -> None:
    SupportProfile.objects.create(partner=world.trey, telephone="+33 1 99 00 47 10")
    choose(world, world.trey, note="Cheaper, between us.")
    work()
    subjects = told()
    assert subjects == {
        "treydesk@people.example": subjects["treydesk@people.example"],
        "treyboss@people.example": "You are now the support contact for “Microsoft 365 E3” of “Contoso”",
        "owner@people.example": "Call “Trey Research” for “Microsoft 365 E3” from now on",
        "reader@people.example": "Call “Trey Research” for “Microsoft 365 E3” from now on",
    }
    everything = "".join(mail.text + mail.html for mail in Mail.objects.all())
    assert "between us" not in everything, "notes are the provider's"
    assert "99 00 47 10" not in everything, "telephones are never copied (R7)"
    assert "https://testserver/support/" in Mail.objects.get(address="owner@people.example").text


def test_a_choice_that_is_so_already_tells_nobody(world) -> None:
    choose(world, world.trey)
    names()
    choose(world, world.trey)
    assert names() == set()


def test_a_replacement_tells_the_old_partner_nothing_of_the_new_one(world) -> None:
    choose(world, world.trey)
    names()
    choose(world, world.alpine)
    work()
    assert set(told()) == {
        f"{name}@people.example" for name in ("treydesk", "treyboss", "alpineboss", "owner", "reader")
    }
    old = Mail.objects.get(address="treyboss@people.example")
    assert old.subject == "You are no longer the support contact for “Microsoft 365 E3” of “Contoso”"
    assert "Alpine" not in old.text + old.html
    assert "Trey" not in Mail.objects.get(address="alpineboss@people.example").text


def test_customers_may_switch_these_mails_off(world) -> None:
    world.owner.user.mail_off = [MailKind.DESIGNATION]
    world.owner.user.save()
    choose(world, world.trey)
    assert names() == {"treydesk", "treyboss", "reader"}


def test_addons_that_go_along_are_in_the_same_mail(world) -> None:
    addons = [
        SubscriptionFactory(
            provider=world.provider,
            customer=world.customer,
            parent=world.subscription,
            offer_name=f"Add-on {n}",
        )
        for n in range(3)
    ]
    choose(world, world.trey, addons={row.pk: 0 for row in addons})
    work()
    mail = Mail.objects.get(address="treyboss@people.example")
    assert mail.subject == "You are now the support contact for 4 subscriptions"
    assert all(f"Add-on {n}" in mail.text for n in range(3))
    assert Mail.objects.filter(address="owner@people.example").count() == 1


def test_a_customer_that_calls_the_provider_already_is_not_told_so_again(world) -> None:
    choose(world, world.trey)
    names()
    DelegatedAdmin.objects.filter(relationship__partner=world.trey).update(
        ended_at=timezone.now(), ended_as="ended"
    )
    choose(world, world.provider)
    assert names() == {"treydesk", "treyboss"}


def test_an_import_tells_nobody(world) -> None:
    from dataclasses import replace

    choose_support_contact(
        world.subscription,
        partner_id=world.trey.pk,
        version=None,
        acting=replace(acting(world.agent), channel="import"),
    )
    assert names() == set()


def test_a_bulk_change_is_one_mail_a_partner_and_a_customer(world) -> None:
    rows = [world.subscription]
    for n in range(24):
        rows.append(
            SubscriptionFactory(provider=world.provider, customer=world.customer, offer_name=f"Offer {n:02}")
        )
    agent = acting(world.agent)
    selected = select_for_repair([row.pk for row in rows], acting=agent)
    versions = {row.pk: row.contact_version for row in rows}
    assert plan(world.trey, rows, {})
    repair(selected, partner=world.trey, versions=versions, acting=agent)
    work()
    assert set(told()) == {f"{name}@people.example" for name in ("treydesk", "treyboss", "owner", "reader")}
    assert Mail.objects.count() == 4
    mail = Mail.objects.get(address="treyboss@people.example")
    assert mail.subject == "You are now the support contact for 25 subscriptions"
    assert "And 5 more" in mail.text


def test_what_a_reseller_declines_is_told_to_the_provider_with_its_reason(world) -> None:
    choose(world, world.trey)
    names()
    decline_duty(Designation.objects.get(), acting=acting(world.trey_boss), reason="No capacity.")
    work()
    assert set(told()) == {"agent@people.example", "owner@people.example", "reader@people.example"}
    mail = Mail.objects.get(address="agent@people.example")
    assert mail.subject == "“Trey Research” declined to support “Microsoft 365 E3” of “Contoso”"
    assert "> No capacity." in mail.text
    assert "No capacity" not in Mail.objects.get(address="owner@people.example").text


def test_a_hand_back_is_announced_to_the_provider_alone(world) -> None:
    choose(world, world.trey)
    names()
    designation, day = Designation.objects.get(), timezone.now() + timedelta(days=14)
    hand_back_duty(designation, at=day, acting=acting(world.trey_boss), reason="We close.")
    work()
    (subject,) = told().values()
    assert subject.startswith("“Trey Research” hands back “Microsoft 365 E3” of “Contoso” on ")
    Mail.objects.all().delete()
    keep_duty(designation, acting=acting(world.trey_boss))
    work()
    assert list(told().values()) == ["“Trey Research” keeps “Microsoft 365 E3” of “Contoso” after all"]


def test_a_report_goes_to_the_provider_and_its_answer_to_who_reported(world) -> None:
    made = report_contact(
        world.provider,
        subscriptions=[world.subscription],
        day=timezone.now().date(),
        reason="no_answer",
        detail="Ten rings.",
        acting=acting(world.reader),
    )
    work()
    mail = Mail.objects.get()
    assert mail.address == "agent@people.example"
    assert "What is wrong: Nobody answers" in mail.text
    assert "> Ten rings." in mail.text
    Mail.objects.all().delete()
    answer_report(made.made[0], answer="The number is right now.", acting=acting(world.agent))
    work()
    mail = Mail.objects.get()
    assert mail.address == "reader@people.example"
    assert "> The number is right now." in mail.text


def test_what_happened_long_ago_is_not_told(world) -> None:
    choose(world, world.trey)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert names() == set()


def test_nobody_of_another_provider_is_told(world) -> None:
    other = person(ProviderFactory().organisation, "other", Role.GLOBAL_ADMIN)
    choose(world, world.trey)
    assert "other" not in names()
    assert other.user.email not in told()


# -- the daily digest


def run_digest(at=None) -> None:
    digest_tasks.daily_digest(timestamp=int((at or timezone.now()).timestamp()))
    work()


def test_the_digest_lists_what_needs_attention_once_a_day(world) -> None:
    choose(world, world.trey)
    person(world.provider.organisation, "sales", Role.SALES_AGENT)
    person(world.provider.organisation, "french", Role.HELPDESK_AGENT, language="fr")
    names()
    run_digest()
    assert names() == set(), "nothing needs attention"
    DelegatedAdmin.objects.filter(relationship__partner=world.trey).update(
        ended_at=timezone.now(), ended_as="ended"
    )
    run_digest()
    run_digest()
    assert set(told()) == {"agent@people.example", "french@people.example"}
    assert Mail.objects.count() == 2
    mail = Mail.objects.get(address="agent@people.example")
    assert (mail.subject, mail.kind) == ("1 support contact needs attention", "attention")
    assert "- Contoso · Microsoft 365 E3" in mail.text
    assert "The delegated admin of “Trey Research” ended on" in mail.text
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        run_digest()
    assert Mail.objects.count() == 4


@pytest.mark.parametrize(
    ("days", "is_told"), [(32, False), (31, True), (30, False), (8, False), (7, True), (1, True)]
)
def test_the_digest_warns_on_the_days_an_end_comes_near(world, days, is_told) -> None:
    choose(world, world.trey)
    names()
    six = timezone.now().replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
    DelegatedAdmin.objects.filter(relationship__partner=world.trey).update(
        ends_at=six + timedelta(days=days, seconds=-10)
    )
    with time_machine.travel(six + timedelta(seconds=20), tick=False):  # the worker was busy
        run_digest()
    assert bool(told()) == is_told
    if is_told:
        assert "1 designation ends soon" in Mail.objects.get().text
        assert "“Trey Research” until" in Mail.objects.get().text


def test_the_digest_tells_of_agreements_that_run_out(world) -> None:
    row = world.provider.reseller_relationships.get(reseller=world.trey)
    row.agreement_valid_until = timezone.now().date() + timedelta(days=7)
    row.save()
    run_digest()
    assert "Support agreement valid until" in Mail.objects.get().text


def test_a_digest_of_many_is_one_mail_of_few_queries(world, django_assert_max_num_queries) -> None:
    for n in range(30):
        customer = CustomerFactory()
        CustomerRelationshipFactory(partner=world.provider, customer=customer)
        row = SubscriptionFactory(provider=world.provider, customer=customer, offer_name=f"Offer {n:02}")
        Designation.objects.create(
            provider=world.provider,
            subscription=row,
            partner=world.trey,
            started_at=timezone.now(),
            channel="portal",
        )
    with django_assert_max_num_queries(25):
        digest_tasks.digest_of(str(world.provider.pk), timezone.now().date().isoformat())
    mail = Mail.objects.get()
    assert mail.subject == "30 support contacts need attention"
    assert "And 10 more" in mail.text


def test_a_policy_that_ends_what_is_stale_tells_both_partners(world) -> None:
    from support_contacts.operations.policy import end_stale

    choose(world, world.trey)
    names()
    world.provider.ends_stale_after_days = 1
    world.provider.save()
    DelegatedAdmin.objects.filter(relationship__partner=world.trey).update(
        established_at=timezone.now() - timedelta(days=9),
        ended_at=timezone.now() - timedelta(days=3),
        ended_as="ended",
    )
    Designation.objects.update(started_at=timezone.now() - timedelta(days=8))
    assert end_stale(world.provider) == 1
    assert AuditEvent.objects.filter(action=Action.DESIGNATION_ENDED, actor_kind="system").exists()
    assert names() == {"agent", "treydesk", "treyboss"}
