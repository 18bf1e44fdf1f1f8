"""The operator's command that suspends partners and lifts suspensions."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.models import AuditEvent, AuditNote, Partner, PartnerSuspension
from support_contacts.models import Designation, Reason, standings, verdict
from tests.factories import DesignationFactory, MembershipFactory, ResellerFactory, make_eligible

pytestmark = pytest.mark.django_db


@pytest.fixture
def reseller():
    return ResellerFactory(name="Trey Research", partner_id="4711")


def run(*options):
    out = io.StringIO()
    call_command("suspend_partner", *options, stdout=out)
    return out.getvalue()


def test_suspends_by_partner_id_and_lifts_by_tenant(reseller):
    assert "Trey Research is suspended since" in run("--partner", "4711", "--reason", "Unpaid since March")
    assert Partner.objects.suspended(timezone.now()).get() == reseller
    assert "ended at" in run("--partner", str(reseller.pk).upper(), "--lift")
    assert not Partner.objects.suspended(timezone.now()).exists()
    suspension = PartnerSuspension.objects.get()
    assert suspension.reason == "Unpaid since March"
    assert suspension.started_at <= suspension.ended_at


def test_each_is_one_event_of_the_partner_itself(reseller):
    run("--partner", "4711", "--reason", "Unpaid")
    run("--partner", "4711", "--lift")
    first, second = AuditEvent.objects.order_by("at")
    assert (first.action, second.action) == ("partner.suspended", "partner.suspension_lifted")
    for event in (first, second):
        assert (event.organisation_id, event.actor_kind) == (reseller.pk, "operator")
    assert "Unpaid" not in str(first.after)  # free text may name people: it stands in its own row
    assert AuditNote.objects.get().text == "Unpaid"


def test_why_it_was_lifted_is_kept_too(reseller):
    run("--partner", "4711", "--reason", "Unpaid")
    run("--partner", "4711", "--lift", "--reason", "Paid")
    assert {note.text for note in AuditNote.objects.all()} == {"Unpaid", "Paid"}


def test_what_it_was_chosen_for_falls_back_at_once_and_comes_back_with_the_lift():
    """Customers are shown the provider meanwhile (R3, R7); its own people still sign in, its programs still speak."""
    reseller = ResellerFactory(partner_id="4711")
    person = MembershipFactory(organisation=reseller.organisation)
    designation = DesignationFactory(partner=reseller)
    subscription = designation.subscription
    make_eligible(reseller, provider=subscription.provider, customer=subscription.customer)

    def in_force():
        return list(Designation.objects.in_force(timezone.now()))

    assert in_force() == [designation]
    run("--partner", "4711", "--reason", "Unpaid")
    assert in_force() == []
    standing = standings(subscription.provider, subscription.customer_id)[reseller.pk]
    judged = verdict(standing, at=timezone.now(), told_to=subscription.provider_id)
    assert judged.reason == Reason.RESELLER_SUSPENDED
    person.user.refresh_from_db()
    assert person.user.is_active
    run("--partner", "4711", "--lift")
    assert in_force() == [designation]


def test_suspended_again_after_a_lift_is_a_second_interval(reseller):
    for options in (["--reason", "one"], ["--lift"], ["--reason", "two"]):
        run("--partner", "4711", *options)
    assert PartnerSuspension.objects.count() == 2
    assert PartnerSuspension.objects.filter(ended_at=None).count() == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--partner", "1"], "No partner has"),
        (["--partner", "4711"], "--reason is missing"),
        (["--partner", "4711", "--reason", "x" * 501], "501 of 500"),
        (["--partner", "4711", "--lift"], "is not suspended"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(reseller, options, says):
    with pytest.raises(CommandError, match=says):
        run(*options)
    assert not PartnerSuspension.objects.exists()
    assert not AuditEvent.objects.exists()


def test_suspended_already_is_refused(reseller):
    run("--partner", "4711", "--reason", "one")
    with pytest.raises(CommandError, match="suspended already"):
        run("--partner", "4711", "--reason", "two")
    assert AuditEvent.objects.count() == 1
