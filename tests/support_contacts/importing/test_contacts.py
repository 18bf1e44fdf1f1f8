"""Support contacts an import brings, the move to new commerce, and the support profile."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.models import Action, AuditEvent, Partner, ResellerRelationship, SupportProfile
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations import choose_support_contact
from tests.factories import PartnerSuspensionFactory, ResellerFactory, SubscriptionFactory
from tests.support_contacts.conftest import acting, member
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import CUSTOMER, OTHER, RESELLER, SECOND_RESELLER, SUBSCRIPTION
from tests.support_contacts.importing.conftest import codes, reasons

GRANT = bodies.table(f"{CUSTOMER},{RESELLER},,2029-12-31")
ELIGIBLE = (bodies.customer(), bodies.reseller(), GRANT, bodies.subscription())


def stored() -> Designation | None:
    return Designation.objects.stored().first()


def choose(partner_id, provider):
    agent = acting(member(provider.organisation, "admin_agent"))
    return choose_support_contact(
        Subscription.objects.get(), partner_id=partner_id, version=None, acting=agent
    )


def test_contact_the_rules_allow_is_stored(run):
    report = run(*ELIGIBLE, b"\xef\xbb\xbf" + bodies.data(bodies.support_contact()))

    row = stored()
    assert (str(row.partner_id), row.channel) == (RESELLER, "import")
    assert Subscription.objects.get().contact_version == 1
    event = AuditEvent.objects.get(action=Action.DESIGNATION_MADE)
    assert (event.channel, event.actor_kind) == ("import", "operator")
    assert report.summary()["support contacts"]["created"] == 1
    run.again(*ELIGIBLE, bodies.support_contact())


def test_contact_by_partner_id_alone(run):
    run(*ELIGIBLE, bodies.without(bodies.support_contact(), "supportTenantId", "name", "attributes"))

    assert str(stored().partner_id) == RESELLER


def _suspend():
    run_at = timezone.now() - timedelta(days=1)
    PartnerSuspensionFactory(partner_id=UUID(RESELLER), started_at=run_at)


REFUSALS = {
    "subscription_unknown": lambda: Subscription.objects.all().delete(),
    "subscription_ended": lambda: Subscription.objects.update(status="deleted", ended_at=timezone.now()),
    "new_commerce_not_supported": lambda: Subscription.objects.update(is_new_commerce=True),
    "relationship_missing": lambda: ResellerRelationship.objects.all().delete(),
    "relationship_ended": lambda: ResellerRelationship.objects.update(
        ended_at=timezone.now(), ended_as="ended"
    ),
    "delegated_admin_missing": lambda: DelegatedAdmin.objects.all().delete(),
    "delegated_admin_ended": lambda: DelegatedAdmin.objects.update(ended_at=timezone.now(), ended_as="ended"),
    "reseller_suspended": _suspend,
}


@pytest.mark.parametrize("code", REFUSALS)
def test_contact_the_rules_refuse_is_reported_and_not_stored(run, code):
    run(*ELIGIBLE)
    REFUSALS[code]()

    report = run.again(bodies.support_contact()).report

    assert codes(report) == [code]
    assert stored() is None


@pytest.mark.parametrize("tenant", [SECOND_RESELLER, OTHER])
def test_unknown_and_unrelated_partner_are_refused_alike(run, tenant):
    run(*ELIGIBLE)
    ResellerFactory(organisation__id=UUID(SECOND_RESELLER))

    report = run(bodies.support_contact(supportTenantId=tenant, supportMpnId="999"))

    assert [line.reason for line in report.lines] == [
        "the rules refuse this support contact (relationship_missing)"
    ]


def test_contact_for_another_customer_s_subscription_is_refused(run):
    run(*ELIGIBLE)

    assert codes(run(bodies.support_contact(tenant=OTHER))) == ["subscription_unknown"]


def test_contact_of_another_provider_s_subscription_is_unknown(run):
    SubscriptionFactory(microsoft_id=SUBSCRIPTION)

    assert codes(run(bodies.support_contact())) == ["subscription_unknown"]


def test_provider_is_the_contact_without_being_stored(run, provider):
    run(*ELIGIBLE)

    report = run.again(
        bodies.support_contact(supportTenantId=str(provider.pk), supportMpnId="4391507")
    ).report

    assert report.summary()["support contacts"]["unchanged"] == 1


def test_contact_without_partner_id_agrees_with_a_provider_that_has_none(run, provider):
    Partner.objects.filter(pk=provider.pk).update(partner_id="")
    provider.partner_id = ""

    report = run(*ELIGIBLE, bodies.without(bodies.support_contact(), "supportMpnId"))

    assert str(stored().partner_id) == RESELLER
    assert reasons(report) == []


def test_provider_ends_what_an_import_stored(run, provider):
    run(*ELIGIBLE, bodies.support_contact())

    run(bodies.support_contact(supportTenantId=str(provider.pk), supportMpnId="4391507"))

    assert stored() is None
    assert Designation.objects.get().ended_as == "back_to_provider"


def test_import_replaces_what_an_import_stored(run):
    second = bodies.reseller(SECOND_RESELLER, "5550777", name="Second")
    run(
        *ELIGIBLE, second, bodies.table(f"{CUSTOMER},{SECOND_RESELLER},,2029-12-31"), bodies.support_contact()
    )

    run(bodies.support_contact(supportTenantId=SECOND_RESELLER, supportMpnId="5550777"))

    assert str(stored().partner_id) == SECOND_RESELLER
    assert Designation.objects.filter(ended_as="replaced").count() == 1


def test_what_a_person_chose_stays_and_is_told(run, provider):
    run(*ELIGIBLE)
    choose(UUID(RESELLER), provider)
    theirs = bodies.support_contact(supportTenantId=str(provider.pk), supportMpnId="4391507")

    report = run.again(theirs).report

    assert codes(report) == ["conflict"]
    assert str(stored().partner_id) == RESELLER

    run(theirs, overwrite=True)

    assert stored() is None


def test_what_a_person_undid_stays_undone(run, provider):
    run(*ELIGIBLE, bodies.support_contact())
    choose(provider.pk, provider)

    report = run.again(bodies.support_contact()).report

    assert codes(report) == ["conflict"]
    run(bodies.support_contact(), overwrite=True)
    assert str(stored().partner_id) == RESELLER


def test_overwrite_does_not_bend_the_rules(run):
    run(bodies.customer(), bodies.subscription())

    assert codes(run(bodies.support_contact(), overwrite=True)) == ["relationship_missing"]


def test_contact_names_subscription_and_partner_or_is_refused(run):
    bare = bodies.without(bodies.support_contact(), "links")
    nobody = bodies.without(bodies.support_contact(), "supportTenantId", "supportMpnId")

    assert codes(run(bare, nobody)) == ["subscription_unknown", "relationship_missing"]


def test_move_to_new_commerce_ends_the_designation(run):
    run(*ELIGIBLE, bodies.support_contact())

    run(bodies.modern(SUBSCRIPTION))

    row = Subscription.objects.get()
    assert row.is_new_commerce
    assert row.moved_to_new_commerce_at is not None
    assert row.contact_version == 2
    assert Designation.objects.get().ended_as == "new_commerce"
    event = AuditEvent.objects.get(action=Action.SUBSCRIPTION_MOVED)
    assert event.before["designated"]["id"] == RESELLER
    run.again(bodies.modern(SUBSCRIPTION))


def test_move_without_a_designation_is_an_event_too(run):
    run(bodies.subscription())

    run(bodies.subscription(productType={"id": "OnlineServicesNCE"}))

    assert AuditEvent.objects.filter(action=Action.SUBSCRIPTION_MOVED).count() == 1
    assert Subscription.objects.get().contact_version == 1


def test_new_commerce_is_one_way(run):
    run(bodies.modern(SUBSCRIPTION))

    report = run(bodies.customer(), bodies.subscription())

    row = Subscription.objects.get()
    assert row.is_new_commerce
    assert row.offer_id.count(":") == 2
    assert "stays so" in reasons(report)[0]


def test_thinner_body_proves_nothing(run):
    run(bodies.modern(SUBSCRIPTION))

    report = run(bodies.without(bodies.modern(SUBSCRIPTION), "productType", "offerId", "links"))

    assert Subscription.objects.get().is_new_commerce
    assert report.lines == []


def test_registered_subscription_does_not_move(run, provider):
    run(bodies.subscription())
    Subscription.objects.update(purchased_through="microsoft")

    report = run(bodies.modern(SUBSCRIPTION))

    assert report.has_refusals
    assert not Subscription.objects.get().is_new_commerce


def test_ended_is_seen_first_now_or_at_the_end_of_the_term(run):
    before = timezone.now()
    run(bodies.collection(
        bodies.subscription(status="expired", commitmentEndDate="2024-03-15T00:00:00Z"),
        bodies.addon(status="Deleted"),
    ))  # fmt: skip

    assert Subscription.objects.get(microsoft_id=SUBSCRIPTION).ended_at.year == 2024
    assert Subscription.objects.get(microsoft_id=bodies.ADDON).ended_at >= before

    run(bodies.subscription(commitmentEndDate="2029-03-15T00:00:00Z"))

    assert Subscription.objects.get(microsoft_id=SUBSCRIPTION).ended_at is None


def test_designation_of_an_ended_subscription_stays_as_history(run):
    run(*ELIGIBLE, bodies.support_contact())

    run(bodies.subscription(status="disabled"))

    assert stored() is not None
    assert list(Designation.objects.needs_attention(timezone.now())) == []
    run(bodies.subscription())
    assert Designation.objects.in_force(timezone.now()).count() == 1


def test_support_profile_fills_what_is_blank_and_keeps_what_a_person_wrote(run, provider):
    SupportProfile.objects.create(partner=provider, telephone="+33 1 99 00 47 10")

    report = run(bodies.support_profile())

    profile = SupportProfile.objects.get()
    assert (profile.telephone, profile.email) == ("+33 1 99 00 47 10", "email@sample.example")
    assert [line.where.path for line in report.lines] == ["telephone"]

    run(bodies.support_profile(), overwrite=True)
    assert SupportProfile.objects.get().telephone == "4255555555"
    run(bodies.support_profile(telephone="4255550000"))
    assert SupportProfile.objects.get().telephone == "4255550000", "an import replaces what an import wrote"


def test_support_profile_with_unusable_members(run):
    report = run(bodies.support_profile(email="nobody", website="javascript:alert(1)", telephone="1" * 51))

    assert len(report.lines) == 3
    assert SupportProfile.objects.count() == 0
