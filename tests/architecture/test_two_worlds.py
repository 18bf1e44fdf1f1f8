"""Two worlds that differ only in what another provider has: nobody of ours can tell them apart."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.models import Membership, Organisation, Partner, ResellerRelationship, SupportProfile
from subscriptions.models import Subscription
from support_contacts.models import Designation
from tests import factories as f
from tests.architecture.canaries import guid
from tests.architecture.cast import Person
from tests.architecture.conftest import Stage
from tests.architecture.crawler import Reading, read_everything, settled

THEIRS = [guid(name) for name in ("proseware", "firstup", "alpine")]
#: Nobody here has anything to do with Proseware.
BYSTANDERS = [
    Person("fabrikam", "global_admin"),
    Person("fabrikam", "helpdesk_agent"),
    Person("trey", "admin_agent"),
    Person("northwind", "global_admin"),
    Person("woodgrove", "global_admin"),
]


@pytest.mark.parametrize("person", BYSTANDERS, ids=str)
def test_what_another_provider_does_changes_no_byte(stage: Stage, person: Person, record_property) -> None:
    before = pages(read_everything(stage, person, words=["zqzzzzx", "a", "7100007"]))
    with stage.cell():
        proseware_lives(stage)
        after = pages(read_everything(stage, person, words=["zqzzzzx", "a", "7100007"]))
    record_property("pages", len(before) + len(after))
    assert before.keys() == after.keys()
    changed = [url for url in before if before[url] != after[url]]
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
    ResellerRelationship.objects.filter(provider=proseware).update(ended_at=now, ended_as="ended")
    DelegatedAdmin.objects.filter(relationship__partner=guid("firstup")).update(
        ended_at=now, ended_as="ended"
    )
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
