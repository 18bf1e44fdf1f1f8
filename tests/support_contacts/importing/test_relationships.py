"""Customers, resellers and stubs: what an import may begin, end and change."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from customers.models import Customer, CustomerRelationship, DelegatedAdmin
from portal.errors import NotPermitted
from portal.models import (
    LAPSES_AFTER,
    Action,
    AuditEvent,
    Organisation,
    Partner,
    ResellerRelationship,
    State,
)
from subscriptions.models import Subscription
from support_contacts.operations.importing import import_partner_center
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.support_contacts.conftest import acting, member
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import CUSTOMER, RESELLER
from tests.support_contacts.importing.conftest import codes, reasons

NONE = {"relationshipToPartner": "none"}


def test_only_an_operator_imports(run, provider):
    person = acting(member(provider.organisation, "global_admin"))

    with pytest.raises(NotPermitted):
        import_partner_center(provider, files=[], acting=person)


def test_none_ends_the_relationship_and_its_grants(run):
    run(bodies.customer_detail())

    run(bodies.customer(**NONE))

    row = CustomerRelationship.objects.get()
    assert row.ended_as == "ended"
    assert DelegatedAdmin.objects.get().ended_at == row.ended_at
    ended = AuditEvent.objects.filter(
        action__in=[Action.CUSTOMER_RELATIONSHIP_ENDED, Action.DELEGATED_ADMIN_ENDED]
    )
    assert ended.count() == 2
    run.again(bodies.customer(**NONE))


def test_none_with_live_subscriptions_is_reported_and_not_done(run):
    run(bodies.customer(), bodies.subscription())

    report = run(bodies.customer(**NONE))

    assert "live subscriptions" in reasons(report)[0]
    assert CustomerRelationship.objects.get().ended_at is None


def test_none_with_subscriptions_that_end_in_the_same_call(run):
    run(bodies.customer(), bodies.subscription())

    report = run(bodies.customer(**NONE), bodies.subscription(status="deleted"))

    assert CustomerRelationship.objects.get().ended_as == "ended"
    assert Subscription.objects.get().ended_at is not None
    assert not report.lines


def test_none_of_an_unknown_customer_makes_nothing(run):
    run(bodies.customer(**NONE))

    assert Customer.objects.count() == 0


def test_relationship_an_import_ended_is_begun_anew(run):
    run(bodies.customer())
    run(bodies.customer(**NONE))

    run(bodies.customer())

    assert CustomerRelationship.objects.count() == 2
    assert CustomerRelationship.objects.filter(ended_at=None).count() == 1


def test_relationship_a_person_ended_is_not_revived(run):
    run(bodies.customer())
    now = timezone.now()
    CustomerRelationship.objects.update(ended_at=now, ended_as="ended")

    report = run(bodies.customer_detail(), bodies.subscription())

    assert CustomerRelationship.objects.get().ended_at == now
    assert DelegatedAdmin.objects.count() == 0
    assert sum("not revived" in line for line in reasons(report)) == 1
    run.again(bodies.customer_detail(), bodies.subscription())


def test_requested_relationship_is_established(run, provider):
    customer = CustomerFactory(organisation__id=UUID(CUSTOMER))
    CustomerRelationshipFactory(
        partner=provider,
        customer=customer,
        established_at=None,
        requested_at=timezone.now() - timedelta(days=3),
    )

    run(bodies.customer())

    row = CustomerRelationship.objects.get()
    assert row.established_at is not None
    assert row.company_name == "Harbour Clinic"


def test_alias_of_ours_is_kept(run):
    run(bodies.customer())
    CustomerRelationship.objects.update(alias="The clinic")

    run(bodies.customer(name="Harbour Clinic Group"))

    row = CustomerRelationship.objects.get()
    assert (row.alias, row.company_name) == ("The clinic", "Harbour Clinic Group")
    assert "group" in set(row.search_words.values_list("word", flat=True))


def test_customer_of_another_partner_keeps_its_organisation(run, importer_of, provider):
    importer_of(ProviderFactory())(bodies.customer(name="What they call it"))
    before = Organisation.objects.filter(pk=CUSTOMER).values().get()

    run(bodies.customer(name="What we call it"))

    assert Organisation.objects.filter(pk=CUSTOMER).values().get() == before
    assert set(CustomerRelationship.objects.values_list("company_name", flat=True)) == {
        "What they call it", "What we call it"
    }  # fmt: skip


def test_stub_is_brought_up_to_date_by_the_partner_that_made_it(run):
    run(bodies.reseller())

    report = run(bodies.reseller(name="Northwind IT", number="5550124"))

    partner = Partner.objects.get(pk=RESELLER)
    assert (partner.name, partner.partner_id) == ("Northwind IT", "5550124")
    assert report.summary()["reseller relationships"]["changed"] == 1


@pytest.mark.parametrize("why", ["has members", "stubbed by another"])
def test_partner_of_others_is_never_changed(run, importer_of, why):
    if why == "has members":
        reseller = ResellerFactory(
            organisation__id=UUID(RESELLER), organisation__name="Their own name", partner_id="1"
        )
        MembershipFactory(organisation=reseller.organisation)
    else:
        importer_of(ProviderFactory())(bodies.reseller(name="Their own name", number="1"))

    report = run(bodies.reseller())

    partner = Partner.objects.get(pk=RESELLER)
    assert (partner.name, partner.partner_id) == ("Their own name", "1")
    assert sum("is kept" in line for line in reasons(report)) >= 2
    assert ResellerRelationship.objects.filter(reseller=RESELLER, ended_at=None).exists()


def test_organisation_with_members_is_made_no_partner(run):
    organisation = OrganisationFactory(id=UUID(RESELLER))
    MembershipFactory(organisation=organisation)

    report = run(bodies.reseller())

    assert "is no partner" in reasons(report)[0]
    assert not Partner.objects.filter(pk=RESELLER).exists()


def test_partner_may_also_be_a_customer(run):
    ResellerFactory(organisation__id=UUID(CUSTOMER), organisation__name="Reseller and customer")

    run(bodies.customer())

    assert Customer.objects.get().organisation.name == "Reseller and customer"


def test_partner_id_of_another_partner_is_not_stored(run):
    ResellerFactory(partner_id="5550123")

    report = run(bodies.reseller())

    assert Partner.objects.get(pk=RESELLER).partner_id == ""
    assert "PartnerID of another partner" in reasons(report)[0]


def test_relationship_with_a_reseller_ends_and_begins_by_state(run):
    run(bodies.reseller())
    run(bodies.reseller(state="Inactive"))
    assert ResellerRelationship.objects.get().ended_as == "ended"
    run.again(bodies.reseller(state="Inactive"))

    run(bodies.reseller())

    assert ResellerRelationship.objects.filter(ended_at=None).count() == 1


@pytest.mark.parametrize("state", ["Pending", "Requested"])
def test_r10_requested_relationship_lapses(run, state):
    run(bodies.reseller(state=state))

    row = ResellerRelationship.objects.get()
    assert row.lapses_at == row.requested_at + LAPSES_AFTER
    assert row.state(row.lapses_at) == State.LAPSED
    run.again(bodies.reseller(state=state))


def test_reseller_relationship_a_person_ended_is_not_revived(run, provider):
    reseller = ResellerFactory(organisation__id=UUID(RESELLER))
    ResellerRelationshipFactory(
        provider=provider, reseller=reseller, ended_at=timezone.now() - timedelta(days=1), ended_as="ended"
    )

    report = run(bodies.reseller())

    assert "not revived: this relationship was ended here" in reasons(report)[-1]
    assert not ResellerRelationship.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize(
    "body",
    [
        bodies.reseller(state="dancing"),
        bodies.reseller(relationshipType="is_indirect_reseller_of"),
        bodies.reseller(tenant="no guid"),
    ],
)
def test_reseller_that_cannot_be_one_is_refused(run, body):
    assert run(body).has_refusals
    assert ResellerRelationship.objects.count() == 0


def test_importing_partner_is_not_its_own_reseller(run, provider):
    assert "itself" in reasons(run(bodies.reseller(tenant=str(provider.pk))))[0]


def test_reseller_imports_no_subscriptions_and_no_resellers(importer_of, db):
    importing = importer_of(ResellerFactory())

    report = importing(bodies.subscription(), bodies.reseller(), bodies.customer())

    assert Subscription.objects.count() == ResellerRelationship.objects.count() == 0
    assert CustomerRelationship.objects.count() == 1
    assert len([line for line in report.lines if line.refused]) == 2


def test_subscription_of_another_provider_is_another_row(run):
    SubscriptionFactory(microsoft_id=bodies.SUBSCRIPTION)

    run(bodies.subscription())

    assert Subscription.objects.filter(microsoft_id=bodies.SUBSCRIPTION).count() == 2


def test_subscription_does_not_change_its_customer(run):
    run(bodies.subscription())

    report = run(bodies.subscription(tenant=bodies.OTHER))

    assert str(Subscription.objects.get().customer_id) == CUSTOMER
    assert report.has_refusals
    assert codes(report) == []
