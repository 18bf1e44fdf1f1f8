"""DECISIONS 6 and 15: what an import ends while somebody chooses ends after the choice, never before it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.locks import lock_share
from portal.models import AuditEvent, Partner, ResellerRelationship
from subscriptions.models import Subscription
from support_contacts.models import Designation
from tests.factories import DesignationFactory, MembershipFactory, OrganisationFactory, ProviderFactory
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import CUSTOMER, RESELLER
from tests.support_contacts.importing.conftest import Importer
from tests.support_contacts.test_races import held_back

GRANT = bodies.table(f"{CUSTOMER},{RESELLER},,2029-12-31")
#: What a file ends, what a choice holds meanwhile, and where the end is read.
ENDS = {
    "reseller relationship": (bodies.reseller(state="Inactive"), ResellerRelationship, "ended_at"),
    "customer relationship": (
        bodies.customer(relationshipToPartner="none"),
        CustomerRelationship,
        "ended_at",
    ),
    "grant of it": (bodies.customer(relationshipToPartner="none"), DelegatedAdmin, "ended_at"),
    "delegated admin": (bodies.customer_detail(allowDelegatedAccess=False), DelegatedAdmin, "ended_at"),
    "subscription": (
        bodies.subscription(productType={"id": "OnlineServicesNCE"}),
        Subscription,
        "moved_to_new_commerce_at",
    ),
}


@pytest.fixture
def run(transactional_db):
    partner = ProviderFactory(
        organisation=OrganisationFactory(name="Fabrikam Distribution"), partner_id="4391507"
    )
    MembershipFactory(organisation=partner.organisation)
    return Importer(partner)


@pytest.mark.parametrize("what", ENDS)
def test_what_ends_while_somebody_chooses_ends_after_the_choice(run, what):
    body, model, column = ENDS[what]
    told = [bodies.customer_detail(), bodies.reseller()]
    told += [bodies.subscription()] if model is Subscription else []
    run(*told)
    ids = list(model.objects.values_list("pk", flat=True))

    def importing():
        try:
            return run(body)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_share(model, ids)
            done = pool.submit(importing)
            held_back(done)
            chosen_at = timezone.now()
        report = done.result(timeout=20)

    assert not report.has_refusals
    row = model.objects.get()
    assert getattr(row, column) > chosen_at
    assert AuditEvent.objects.filter(at=getattr(row, column)).exists()


def test_end_is_never_before_what_another_host_s_clock_wrote(db, run):
    """A relationship that begins a second from now, as a host with a fast clock wrote it."""
    run(bodies.reseller())
    ahead = timezone.now() + timedelta(seconds=60)
    ResellerRelationship.objects.update(requested_at=ahead, established_at=ahead)

    run(bodies.reseller(state="Inactive"))

    assert ResellerRelationship.objects.get().ended_at == ahead


def test_move_to_new_commerce_is_never_before_the_designation_it_ends(run):
    run(bodies.customer(), bodies.reseller(), GRANT, bodies.subscription())
    ahead = timezone.now() + timedelta(seconds=60)
    DesignationFactory(
        subscription=Subscription.objects.get(),
        partner=Partner.objects.get(pk=UUID(RESELLER)),
        started_at=ahead,
    )

    run(bodies.subscription(productType={"id": "OnlineServicesNCE"}))

    assert Designation.objects.get().ended_at == Subscription.objects.get().moved_to_new_commerce_at == ahead
