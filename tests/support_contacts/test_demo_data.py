"""The demo tells a true story: nothing in it could not have happened by the rules."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.models import AuditEvent, Membership, Organisation, Partner, User
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.demo import customers
from support_contacts.models import Designation, Reason, Standing, candidates, intervals, standings, verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEMO = True
    call_command("demo_data")


def fabrikam() -> Partner:
    return Partner.objects.get(organisation__domain="fabrikam.example")


def at_contoso(offer: str) -> Subscription:
    return Subscription.objects.get(
        offer_name=offer, provider=fabrikam(), customer__organisation__domain="contoso.example"
    )


def test_demo_data_refuses_outside_demo(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo_data")

    assert not Organisation.objects.exists()


def test_second_run_changes_nothing_and_says_so(demo, capsys):
    events = AuditEvent.objects.count()
    Organisation.objects.filter(domain="contoso.example").update(name="Contoso, renamed by a person")

    call_command("demo_data")

    assert "nothing was changed" in capsys.readouterr().out
    assert AuditEvent.objects.count() == events
    assert Organisation.objects.get(domain="contoso.example").name == "Contoso, renamed by a person"


def test_every_account_and_organisation_is_marked_as_demo(demo):
    assert not Organisation.objects.filter(is_demo=False).exists()
    assert not User.objects.filter(is_demo=False).exists()


def test_accounts_are_roles_and_every_named_organisation_has_a_global_admin(demo):
    without = Organisation.objects.exclude(domain="").exclude(
        pk__in=Membership.objects.with_role(Role.GLOBAL_ADMIN).values("organisation_id")
    )
    assert not without.exists()
    agent = User.objects.get(email="admin-agent@fabrikam.example")
    assert agent.name == "Admin agent"
    assert agent.check_password("demo-portal-2026")
    assert agent.memberships.get().roles == [Role.ADMIN_AGENT]


def test_every_reason_stands_once_towards_fabrikam_at_contoso(demo):
    contoso = Organisation.objects.get(domain="contoso.example")

    found = candidates(fabrikam(), contoso.pk, at=timezone.now(), of_record="5127741")

    of_candidates = set(Reason) - {Reason.HANDED_BACK}
    assert sorted(c.verdict.reason for c in found.unavailable) == sorted(of_candidates)
    assert [c.partner.name for c in found.eligible][:2] == ["Trey Research", "Alpine Ski House"]
    ends_soon = next(c for c in found.eligible if c.partner.name == "VanArsdel, Ltd.")
    assert ends_soon.verdict.grant_ends_at - timezone.now() < timedelta(days=26)


def test_microsoft_365_e3_at_contoso_is_with_the_provider_after_others(demo):
    e3 = at_contoso("Microsoft 365 E3")

    assert e3.is_live
    assert not e3.is_new_commerce
    assert not e3.designations.stored().exists()
    assert [d.partner.name for d in e3.designations.all()] == ["Alpine Ski House"]
    assert e3.contact_version == 2
    assert AuditEvent.objects.filter(subscription_id=e3.pk, note__isnull=False).count() == 1


def test_designation_of_trey_at_northwind_needs_attention_since_yesterday(demo):
    now = timezone.now()

    stale = Designation.objects.needs_attention(now).get(
        subscription__customer__organisation__domain="northwind.example"
    )

    cause = verdict(
        standings(stale.provider, stale.subscription.customer_id)[stale.partner_id], at=now, told_to=None
    )
    assert stale.partner.name == "Trey Research"
    assert cause.reason == Reason.DELEGATED_ADMIN_EXPIRED
    assert (now.date() - cause.since.date()).days in (0, 1, 2)


def test_every_choice_was_allowed_when_it_was_made(demo):
    """Not one designation that R3 or R5 would have refused at the instant it tells."""
    for designation in Designation.objects.select_related("subscription", "partner", "provider"):
        subscription = designation.subscription
        found = standings(designation.provider, subscription.customer_id, resellers=[designation.partner_id])
        standing = found.get(designation.partner_id) or Standing(designation.partner)
        assert verdict(standing, at=designation.started_at, told_to=None), designation
        assert subscription.began_at <= designation.started_at, designation
        assert subscription.recorded_at <= designation.started_at, designation
        assert subscription.moved_to_new_commerce_at or not subscription.is_new_commerce


def test_every_choice_has_its_event_at_the_same_instant(demo):
    made = set(AuditEvent.objects.filter(action="designation.made").values_list("subscription_id", "at"))

    assert made == set(Designation.objects.values_list("subscription_id", "started_at"))


def test_timelines_are_whole(demo):
    now = timezone.now()
    for subscription in Subscription.objects.filter(customer__organisation__domain="contoso.example"):
        designations = list(subscription.designations.select_related("partner"))
        found = standings(subscription.provider, subscription.customer_id)
        told = intervals(subscription, designations, found, now)
        assert told[0].start == min(subscription.began_at, subscription.recorded_at)
        assert all(one.end == other.start for one, other in pairwise(told))


def test_contoso_buys_from_two_partners_and_has_every_kind_of_subscription(demo):
    rows = Subscription.objects.filter(customer__organisation__domain="contoso.example")

    assert {row.provider.name for row in rows} == {"Fabrikam Distribution", "Proseware Distribution"}
    assert {row.status for row in rows} == {"active", "suspended", "expired"}
    assert rows.filter(is_new_commerce=True).exists()
    assert rows.filter(parent__offer_name="Microsoft 365 E3").count() == 2
    assert rows.exclude(purchased_through="partner").exists()


def test_fabrikam_has_enough_customers_to_page_filter_and_search(demo):
    own = CustomerRelationship.objects.filter(partner=fabrikam())

    assert own.count() > 50
    assert own.exclude(country="").values("country").distinct().count() >= 12
    assert len(customers.FABRIKAM_SALES) == own.count()


def test_ids_are_the_same_everywhere(demo):
    assert str(Organisation.objects.get(domain="contoso.example").pk) == customers.TENANTS["contoso.example"]
    assert at_contoso("Microsoft 365 E3").microsoft_id == "9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a"
    assert fabrikam().partner_id == "4391507"
