"""Two worlds that differ only in what another provider has: nobody of ours can tell them apart."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import Ask, CustomerRelationship, DelegatedAdmin
from portal.models import (
    Mail,
    Membership,
    Notice,
    Organisation,
    OrganisationInvitation,
    Partner,
    ResellerRelationship,
    SupportProfile,
)
from subscriptions.models import Subscription
from support_contacts.models import ContactReport, Designation, Repair, Wish
from tests import factories as f
from tests.architecture.canaries import guid
from tests.architecture.cast import Person
from tests.architecture.conftest import Stage
from tests.architecture.crawler import Reading, read_everything, settled

THEIRS = [guid(name) for name in ("proseware", "firstup", "alpine")]
#: Whoever knows a PartnerID is told whose it is (R4), and so reads its new name.
LOOKED_UP = "/resellers/request/?find="
#: Nobody here has anything to do with Proseware.
BYSTANDERS = [
    Person("fabrikam", "global_admin"),
    Person("fabrikam", "helpdesk_agent"),
    Person("trey", "admin_agent"),
    Person("northwind", "global_admin"),
    Person("woodgrove", "global_admin"),
]


@pytest.mark.parametrize(
    "person",
    [
        # Reads what the global admin does, and less.
        pytest.param(one, id=str(one), marks=[pytest.mark.soak] if one.role == "helpdesk_agent" else [])
        for one in BYSTANDERS
    ],
)
def test_what_another_provider_does_changes_no_byte(stage: Stage, person: Person, record_property) -> None:
    before = pages(read_everything(stage, person, words=["zqzzzzx", "a", "7100007"]))
    with stage.cell():
        proseware_lives(stage)
        after = pages(read_everything(stage, person, words=["zqzzzzx", "a", "7100007"]))
    record_property("pages", len(before) + len(after))
    assert before.keys() == after.keys()
    changed = [url for url in before if before[url] != after[url] and not url.startswith(LOOKED_UP)]
    assert not changed


def test_the_other_world_is_another_one(stage: Stage) -> None:
    """The twin: Proseware itself sees that something happened, and so does the customer both sell to."""
    for person in (Person("proseware", "global_admin"), Person("contoso", "global_admin")):
        before = pages(read_everything(stage, person))
        with stage.cell():
            proseware_lives(stage)
            assert pages(read_everything(stage, person)) != before


def pages(reading: Reading) -> dict[str, str]:
    return {url: settled(body) for url, body in reading.bodies.items()}


def talks(stage: Stage) -> None:
    """What it asks and is asked, answers and is told: the words of each row, and another one of each."""
    now, proseware, contoso = timezone.now(), guid("proseware"), guid("contoso")
    DelegatedAdmin.objects.filter(requested_for=proseware, established_at=None).update(
        message="Other", days=7
    )
    ResellerRelationship.objects.filter(provider=proseware).update(
        message="Other", agreement_reference="Other", agreement_scope="Other", escalation_contact="Other"
    )
    OrganisationInvitation.objects.filter(provider=proseware).update(email="a@other.example", message="Other")
    ContactReport.objects.filter(provider=proseware).update(detail="Other", answered_at=now, answer="Other")
    Ask.objects.filter(provider=proseware).update(done_at=now)
    Wish.objects.filter(provider=proseware).delete()
    Notice.objects.filter(organisation=proseware).update(seen_at=now)
    Repair.objects.filter(provider=proseware).delete()
    Mail.objects.filter(organisation=proseware).update(subject="Other", address="a@other.example")
    ContactReport.objects.create(
        provider_id=proseware, customer_id=contoso, partner_id=proseware, reason="other", day=now.date()
    )
    Designation.objects.filter(provider=proseware, ended_at=None).update(acknowledged_at=now)
    f.CustomerRelationshipFactory(
        partner=stage.world.partners["proseware"],
        customer=stage.world.customers["margie"],
        requested_at=now,
        established_at=None,
        lapses_at=now + timedelta(days=90),
        message="Other",
    )


def proseware_lives(stage: Stage) -> None:
    """Everything another provider can do: sell, name, end, designate, invite, change its profile and its people."""
    world, now = stage.world, timezone.now()
    proseware, contoso = world.partners["proseware"], world.customers["contoso"]
    Organisation.objects.filter(pk__in=THEIRS).update(
        name="Other", sort_name="other", domain="other.example", country="BE"
    )
    Partner.objects.filter(pk=proseware.pk).update(partner_id="7200000")
    SupportProfile.objects.filter(partner__in=THEIRS).update(
        telephone="+33 1 99 00 98 98", email="a@other.example"
    )
    CustomerRelationship.objects.filter(partner=proseware).update(
        alias="Other", sort_name="other", company_name="Other", reseller_of_record_id=guid("stranger")
    )
    Subscription.objects.filter(provider=proseware).update(
        quantity=7, friendly_name="Other", reseller_of_record="7100010", contact_version=9
    )
    Designation.objects.filter(provider=proseware).update(ended_at=now, ended_as="replaced")
    related = ResellerRelationship.objects.filter(provider=proseware)
    related.filter(established_at=None).update(ended_at=now, ended_as="withdrawn")
    related.filter(established_at__isnull=False).update(ended_at=now, ended_as="ended")
    granted = DelegatedAdmin.objects.filter(relationship__partner=guid("firstup"))
    granted.filter(established_at__isnull=False).update(ended_at=now, ended_as="ended")
    talks(stage)
    f.PartnerSuspensionFactory(partner=world.partners["firstup"])
    Membership.objects.filter(organisation=proseware.pk, roles=["admin_agent"]).delete()
    reseller = f.ResellerFactory(organisation=f.OrganisationFactory(name="A new reseller"))
    for number in range(3):
        customer = f.CustomerFactory(organisation=f.OrganisationFactory(name=f"A new customer {number}"))
        f.CustomerRelationshipFactory(partner=proseware, customer=customer)
        f.SubscriptionFactory(provider=proseware, customer=customer)
    f.make_eligible(reseller, provider=proseware, customer=contoso)
    for row in (
        f.SubscriptionFactory(provider=proseware, customer=contoso, offer_name="A new offer"),
        f.SubscriptionFactory(
            provider=proseware,
            customer=world.customers["northwind"],
            status="deleted",
            ended_at=now - timedelta(days=200),
        ),
    ):
        f.DesignationFactory(subscription=row, partner=reseller)
