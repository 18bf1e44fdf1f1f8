"""Who asks whom for what in the browser tests: people and links made with the world, and what happens behind a back."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.test import override_settings
from django.utils import timezone

from customers.models import Ask, Customer, CustomerRelationship, DelegatedAdmin
from customers.operations import ask_for_step, renew_request, request_customer
from portal.models import AuditEvent, Mail, MailKind, Partner, ResellerRelationship, User
from portal.operations import resellers
from portal.operations.reseller_invitations import invite_reseller
from portal.permissions import Role
from subscriptions.models import PurchasedThrough, Subscription
from support_contacts.models import ContactReport, Designation
from support_contacts.operations.duties import decline_duty, hand_back_duty
from support_contacts.operations.reports import report_contact
from support_contacts.operations.wishes import wait_for
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.letterbox import work

if TYPE_CHECKING:
    from tests.browser.world import World

#: A reseller nobody asks; a provider with more to repair than a page holds; somebody of two resellers.
NEW_RESELLER = "agent@newreseller.example"
MANY = "agent@many.example"
TWO_RESELLERS = "both@people.example"
LONG = "Ετήσια υποστήριξη, " * 14


def people() -> None:
    """Organisations and members of these states, beside the demo's."""
    reseller = ResellerFactory(
        organisation=OrganisationFactory(name="New Reseller", domain="newreseller.example")
    )
    MembershipFactory(user__email=NEW_RESELLER, organisation=reseller.organisation)
    both = UserFactory(email=TWO_RESELLERS, name="Bo Both")
    for domain in ("treyresearch.example", "relecloud.example"):
        partner = Partner.objects.get(organisation__domain=domain)
        MembershipFactory(user=both, organisation=partner.organisation, roles=[Role.ADMIN_AGENT])
    many = ProviderFactory(organisation=OrganisationFactory(name="Many Distribution", domain="many.example"))
    MembershipFactory(user__email=MANY, organisation=many.organisation)
    gone = ResellerFactory(organisation=OrganisationFactory(name="Gone Support Services"))
    ended = timezone.now() - timedelta(days=2)
    ResellerRelationshipFactory(provider=many, reseller=gone, ended_at=ended, ended_as="ended")
    for number in range(30):
        customer = CustomerFactory(name=f"Customer {number:02} of Many")
        CustomerRelationshipFactory(partner=many, customer=customer)
        subscription = SubscriptionFactory(provider=many, customer=customer, offer_name="Microsoft 365 E5")
        DesignationFactory(subscription=subscription, partner=gone)


def links(world: "World") -> None:
    """Links to requests and invitations; the mails of all this lie in the letter box."""
    agent = world.acting("admin-agent@fabrikam.example")
    asked = ResellerRelationship.objects.get(
        provider=agent.organisation.partner, reseller=world.partner("ReleCloud")
    )
    agreement = resellers.Agreement(
        "FD-2026-031", "Second level support\nin Dutch", timezone.localdate() + timedelta(days=400), "Sanne"
    )
    resellers.change_agreement(asked, agreement=agreement, acting=agent)
    ResellerRelationship.objects.filter(pk=asked.pk).update(
        message="You know the network of our Dutch customers. Shall we?", requested_by=agent.user
    )
    token = resellers.renew_request(asked, acting=agent).token
    world.urls["link to ReleCloud"] = f"/links/{token}/"
    at_contoso = CustomerRelationship.objects.get(
        customer__organisation__domain="contoso.example", partner=world.partner("Lamna Consulting")
    )
    world.urls["link to Contoso"] = f"/links/{renew_request(at_contoso, acting=agent).token}/"
    terms = {"message": LONG, "agreement": agreement}
    invited = invite_reseller(acting=agent, email="hello@newcomer.example", partner_id="7654321", **terms)
    world.urls["arrival"] = f"/invitations/{invited.token}/"
    theirs = invite_reseller(
        acting=agent,
        email="admin-agent@litware.example",
        tenant_id="3f8a2c1e-0b7d-4e65-9a41-5c2d7e9b1f08",
    )
    world.urls["arrival of Litware’s agent"] = f"/invitations/{theirs.token}/"
    work()


def addresses(world: "World") -> None:
    for partner in Partner.objects.select_related("organisation"):
        world.urls[f"reseller {partner.name}"] = f"/resellers/{partner.pk}/"
        world.urls[f"partner {partner.name}"] = f"/partner-relationships/{partner.pk}/"
        world.urls[f"report {partner.name}"] = f"/support/report/{partner.pk}/"
        world.urls[f"id of {partner.name}"] = str(partner.pk)
    for row in ResellerRelationship.objects.select_related(
        "provider__organisation", "reseller__organisation"
    ):
        world.urls[f"{row.provider.name} asks {row.reseller.name}"] = f"/providers/{row.pk}/"
    for row in Designation.objects.filter(ended_at=None).select_related("partner__organisation"):
        domain = row.subscription.customer.organisation.domain
        name, url = f"duty {row.partner.name}, {domain}", f"/duties/{row.pk}/"
        world.urls.setdefault(name, url)
        world.urls[f"{name}: {row.subscription.offer_name}"] = url
    nobody_here = Customer.objects.get(organisation__name="Customer 00 of Many")
    world.urls["nobody here"] = f"/customers/{nobody_here.pk}/"
    world.urls["its domain"] = nobody_here.organisation.domain
    for row in Subscription.objects.exclude(purchased_through=PurchasedThrough.PARTNER).select_related(
        "customer__organisation"
    ):
        world.urls[f"remove {row.offer_name}"] = f"/support/registered/{row.pk}/remove/"


# -- what happens behind a reader's back: each inside `World.run`


def grant_ended(world: "World", reseller: str, domain: str = "contoso.example") -> None:
    """The customer ends this reseller's delegated admin."""
    DelegatedAdmin.objects.filter(
        relationship__partner=world.partner(reseller), relationship__customer__organisation__domain=domain
    ).update(ended_at=timezone.now(), ended_as="ended")


def granted(world: "World", reseller: str, domain: str = "contoso.example") -> None:
    """What was asked for this reseller is there now, without any page."""
    now = timezone.now()
    own = {"partner": world.partner(reseller), "customer__organisation__domain": domain}
    relationship = CustomerRelationship.objects.filter(**own).first()
    if relationship is None:
        customer = Customer.objects.get(organisation__domain=domain)
        relationship = CustomerRelationshipFactory(partner=own["partner"], customer=customer)
    fabrikam = world.partner("Fabrikam Distribution")
    relationship.delegated_admins.create(
        requested_for=fabrikam, established_at=now, ends_at=now + timedelta(days=300), days=300
    )


def wished(world: "World", offer: str, reseller: str, who: str) -> None:
    wait_for(world.contoso(offer), world.partner(reseller).pk, acting=world.acting(who))


def step_asked(world: "World", reseller: str) -> None:
    """A helpdesk agent has asked for the next step."""
    contoso = Customer.objects.get(organisation__domain="contoso.example")
    ask_for_step(
        world.partner(reseller),
        step=Ask.Step.DELEGATED_ADMIN,
        customer=contoso,
        path=f"/customers/{contoso.pk}/requests/new/?reseller={world.partner(reseller).pk}",
        acting=world.acting("helpdesk-agent@fabrikam.example"),
    )


def asked_of_contoso(world: "World", reseller: str, days: int | None) -> None:
    """Fabrikam asks Contoso for this partner."""
    request_customer(
        Customer.objects.get(organisation__domain="contoso.example"),
        partner=world.partner(reseller),
        acting=world.acting("admin-agent@fabrikam.example"),
        days=days,
        message="They answer in Dutch.\nYou asked for that in September.",
    )


def duty_of(reseller: str, offer: str, domain: str = "contoso.example") -> Designation:
    return Designation.objects.get(
        partner__organisation__name=reseller,
        subscription__offer_name=offer,
        subscription__customer__organisation__domain=domain,
        ended_at=None,
    )


def declined(world: "World", reseller: str, who: str, offer: str) -> None:
    decline_duty(
        duty_of(reseller, offer), acting=world.acting(who), reason="Nobody here speaks\nthat product."
    )


def handed_back(world: "World", reseller: str, who: str, offer: str, days: int) -> None:
    at = timezone.now() + timedelta(days=days)
    hand_back_duty(duty_of(reseller, offer), at=at, acting=world.acting(who), reason="We close that desk.")


def reported(world: "World", partner: str) -> str:
    """Contoso says that this contact does not answer; the address where it is answered."""
    own = Subscription.objects.filter(
        customer__organisation__domain="contoso.example",
        provider__organisation__domain="fabrikam.example",
        designations__partner=world.partner(partner),
        designations__ended_at=None,
    )
    found = report_contact(
        world.partner(partner),
        subscriptions=list(own),
        day=timezone.localdate(),
        reason=ContactReport.Reason.NO_ANSWER,
        detail="Three times since eight o’clock.",
        acting=world.acting("admin@contoso.example"),
    )
    return f"/support-contacts/reports/{found.made[0].pk}/"


def mails(world: "World") -> None:
    """One of each fate, the subject as long as it may be."""
    now = timezone.now()
    fates = (
        {"sent_at": now, "attempted_at": now, "attempts": 1},
        {"attempted_at": now - timedelta(hours=1), "attempts": 1},
        {"attempted_at": now, "failure": "451 4.7.1 Greylisted, try again later", "attempts": 3},
        {"gave_up_at": now, "failure": "550 5.1.1 User unknown", "attempts": 6},
        {"gave_up_at": now},
        {},
    )
    reader = world.acting("admin-agent@fabrikam.example")
    for number, fate in enumerate(fates):
        Mail.objects.create(
            organisation=reader.organisation,
            user=reader.user,
            kind=MailKind.ANSWER,
            key=f"fate-{number}",
            address="a-mailbox-with-a-very-long-name-indeed@servicedesk.cohovineyard.example",
            language="en",
            subject="Coho Vineyard & Winery Managed Services Deutschland GmbH & Co. KG has accepted",
            text="Words.",
            html="<p>Words.</p>",
            **fate,
        )


def speaks(world: "World", email: str, language: str) -> None:
    User.objects.filter(email=email).update(language=language)


# -- what has come of it


def letters(world: "World") -> list[tuple[str, str]]:
    """Everything waiting is written and sent, as the demo does; then the mails there are, each with its reader."""
    with override_settings(DEMO=True):
        work()
    assert not Mail.objects.filter(sent_at=None).exclude(key__startswith="fate-").exists()
    return list(Mail.objects.values_list("address", "subject"))


def story(world: "World", partner: str) -> list[tuple[str, str]]:
    """What the log tells of a partner since the test began: what happened, and who did it."""
    emails = dict(User.objects.values_list("pk", "email"))
    events = AuditEvent.objects.filter(
        partner_ids__contains=[world.partner(partner).pk], at__gt=world.began
    ).order_by("at", "pk")
    return [(event.action, emails.get(event.actor_id, "")) for event in events]
