"""What organisations of the world have asked of each other, and wait for: made by the operations that make it.

Rows stand in `world.dealings` by what they are and whose they are. Words are planted as everywhere; where a request
tells somebody of an organisation they had nothing to do with, that organisation's own words are planted anew.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from customers.models import Ask
from customers.operations import ask_for_step, dismiss_ask, request_customer, withdraw_request
from portal.models import Notice, OrganisationInvitation
from portal.operations import resellers
from portal.operations.reseller_invitations import invite_reseller, withdraw_invitation
from portal.operations.resellers import Agreement, request_reseller_relationship
from support_contacts.models import Designation, Wish
from support_contacts.operations.duties import hand_back_duty
from support_contacts.operations.repair import repair, select_for_repair
from support_contacts.operations.reports import answer_report, report_contact
from tests import factories as f
from tests.architecture.cast import (
    AMBI_FABRIKAM,
    AMBI_PROSEWARE,
    PARTNERS,
    SALES,
    SELLERS,
    STAFF,
    WALKERS,
    Person,
)
from tests.architecture.world import World

#: Asked by "asking", each as what it is.
ASKED_RESELLERS = ("trey", "relecloud", "tailspin", "woodgrove", "stranger")
ASKED_CUSTOMERS = ("contoso", "northwind", "woodgrove", "tailspin", "wingtip")


def deal(world: World) -> None:
    for seller in SALES:
        _request_of_reseller(world, seller, "asked")
    for reseller in ASKED_RESELLERS:
        earlier = _request_of_reseller(world, "asking", reseller)
        resellers.withdraw_request(earlier, acting=_admin(world, "asking"))
        world.dealings["withdrawn reseller request", reseller] = earlier
        _request_of_reseller(world, "asking", reseller)
    for customer in ASKED_CUSTOMERS:
        _request_of_customer(world, customer)
    for seller in SALES:
        _requests_of_seller(world, seller)
        _invitations(world, seller)
        _steps(world, seller)
        _duties(world, seller)
        _reports(world, seller)
        _repairs(world, seller)
    _invitation(world, "fabrikam", "for nobody", "7900099", world.users["nobody"].email)
    _wishes(world)
    for organisation in WALKERS:
        _notices(world, organisation)


def may_also_know(world: World, name: str, circles: Iterable[str], *kinds: str) -> None:
    """Of an organisation these readers are told its name and ids: it asked them, or they asked it."""
    kinds = kinds or ("name", "domain", "tenant id", "PartnerID")
    about = {f"{kind} of {name}" for kind in kinds}
    for canary in [c for c in world.canaries.standing if c.about in about]:
        world.canaries.plant(canary.text, canary.about, canary.may | set(circles), canary.must)


def _admin(world: World, organisation: str):
    return world.actor(Person(organisation, "global_admin"))


def _request_of_reseller(world: World, provider: str, reseller: str):
    plant, about = world.canaries, f"of the request of {provider} to {reseller}"
    both = {f"{provider}:agents", f"{reseller}:agents"}
    made = request_reseller_relationship(
        world.partners[reseller],
        acting=_admin(world, provider),
        message=plant.word(f"message {about}", both, ()),
        agreement=Agreement(
            agreement_reference=plant.word(f"reference {about}", both, ()),
            agreement_scope=plant.word(f"scope {about}", both, ()),
            escalation_contact=plant.word(f"escalation {about}", both, ()),
        ),
    )
    plant.plant(made.relationship.pk, f"id {about}", both, ())
    may_also_know(world, provider, {reseller})
    may_also_know(world, reseller, {f"{provider}:agents"})
    may_also_know(world, f"{provider}/global_admin", {f"{reseller}:agents"}, "name")
    world.dealings["reseller request", provider, reseller] = made.relationship
    world.tokens[f"{provider} to reseller {reseller}"] = made.token
    return made.relationship


def _request_of_customer(world: World, customer: str) -> None:
    """Asking was this customer's partner once, and asks again: a relationship with delegated admin."""
    plant, about = world.canaries, f"of the request of asking to the customer {customer}"
    both, now = {"asking:agents", f"{customer}:readers"}, timezone.now()
    world.dealings["ended relationship", customer] = f.CustomerRelationshipFactory(
        partner=world.partners["asking"],
        customer=world.customers[customer],
        company_name=plant.word(f"company name of before {about}", both, ()),
        established_at=now - timedelta(days=300),
        ended_at=now - timedelta(days=200),
        ended_as="ended",
    )
    made = request_customer(
        world.customers[customer],
        partner=world.partners["asking"],
        acting=_admin(world, "asking"),
        days=90,
        message=plant.word(f"message {about}", both, {f"{customer}:readers"}),
        company_name=plant.word(f"company name {about}", both, ()),
    )
    may_also_know(world, "asking", {f"{customer}:readers"})
    may_also_know(world, customer, {"asking:agents"})
    world.dealings["customer request", customer] = made
    world.tokens[f"asking to customer {customer}"] = made.token


def _requests_of_seller(world: World, seller: str) -> None:
    """Delegated admin for itself at its own customer; a relationship with somebody new, once withdrawn before."""
    plant, acting = world.canaries, _admin(world, seller)
    own = SALES[seller][0][0]
    about = f"of the request of {seller}"
    world.dealings["rights", seller] = request_customer(
        world.customers[own],
        partner=world.partners[seller],
        acting=acting,
        days=90,
        message=plant.word(f"message {about} at {own}", {f"{seller}:agents", f"{own}:readers"}, ()),
    )
    both = {f"{seller}:agents", "newcomer:readers"}
    for key in ("withdrawn", "newcomer"):
        made = request_customer(
            world.customers["newcomer"],
            partner=world.partners[seller],
            acting=acting,
            message=plant.word(f"message {about} to newcomer, {key}", both, ()),
            company_name=plant.word(f"company name {about} to newcomer, {key}", both, ()),
        )
        if key == "withdrawn":
            withdraw_request(made.relationship, acting=acting)
        world.dealings[key, seller] = made
    may_also_know(world, "newcomer", {f"{seller}:agents"})
    may_also_know(world, seller, {"newcomer:readers"})


def _invitations(world: World, seller: str) -> None:
    number = 7900000 + 10 * list(SALES).index(seller)
    for state in ("open", "withdrawn"):
        word = world.canaries.word(f"mail of whom {seller} invites, {state}", {f"{seller}:agents"}, ())
        row = _invitation(world, seller, state, str(number), f"{word}@invited.example")
        number += 1
        if state == "withdrawn":
            withdraw_invitation(row, acting=_admin(world, seller))


def _invitation(world: World, seller: str, state: str, partner_id: str, email: str) -> OrganisationInvitation:
    """Whoever holds the link reads all of it: the crawl comes to the open ones of its own accord."""
    plant, about = world.canaries, f"of an invitation of {seller}, {state}"
    agents = {f"{seller}:agents"}
    plant.plant(partner_id, f"PartnerID {about}", agents, ())
    made = invite_reseller(
        acting=_admin(world, seller),
        email=email,
        partner_id=partner_id,
        message=plant.word(f"message {about}", agents, ()),
        agreement=Agreement(
            agreement_reference=plant.word(f"reference {about}", agents, ()),
            agreement_scope=plant.word(f"scope {about}", agents, ()),
            escalation_contact=plant.word(f"escalation {about}", agents, ()),
        ),
    )
    world.dealings["invitation", seller, state] = made.invitation
    world.tokens[f"invitation of {seller}: {state}"] = made.token
    return made.invitation


def _steps(world: World, seller: str) -> None:
    """Asked of colleagues: one step that waits, one that is off the list."""
    own, acting = world.customers[SALES[seller][0][0]], _admin(world, seller)
    for key, step in (("ask", Ask.Step.DELEGATED_ADMIN), ("dismissed ask", Ask.Step.RELATIONSHIP)):
        world.dealings[key, seller], _new = ask_for_step(
            world.partners["asked"],
            step=step,
            customer=own,
            path=f"{reverse('customers:request-rights', args=[own.pk])}?reseller={world.partners['asked'].pk}",
            acting=acting,
        )
    dismiss_ask(world.dealings["dismissed ask", seller], acting=acting)


def _wishes(world: World) -> None:
    """Everybody waits for something, also those whose role no longer lets them choose."""
    for person in (AMBI_FABRIKAM, AMBI_PROSEWARE, *(one for one in STAFF if one.organisation in WALKERS)):
        if person.organisation not in SELLERS:
            continue
        for key, told_at in (("wish", None), ("told wish", timezone.now())):
            world.dealings[key, str(person)] = Wish.objects.create(
                provider=world.partners[person.organisation],
                subscription=world.sales[person.organisation, SALES[person.organisation][0][0]].subscription,
                reseller=world.partners["asked"],
                user=world.users[str(person)],
                told_at=told_at,
            )


def _notices(world: World, organisation: str) -> None:
    """For everybody of it: one to see, one seen; and one for a single member."""
    for key, more in (
        ("notice", {}),
        ("seen notice", {"seen_at": timezone.now()}),
        ("member's notice", {"user": world.subjects[organisation].user}),
    ):
        may = {f"{organisation}:agents"} if key != "member's notice" else set()
        must = may if key == "notice" and organisation in PARTNERS else set()
        about = f"of a {key} of {organisation}"
        world.dealings[key, organisation] = Notice.objects.create(
            organisation=world.organisations[organisation],
            kind=Notice.Kind.DESIGNATION_DECLINED,
            path=reverse("home"),
            data={
                "partner": world.canaries.word(f"partner {about}", may, must),
                "offer": world.canaries.word(f"offer {about}", may, must),
            },
            **more,
        )


def _duties(world: World, seller: str) -> None:
    """What its reseller declined once, and nobody has seen; what its resellers hand back in three months."""
    now = timezone.now()
    customer, reseller = SALES[seller][0]
    world.dealings["declined duty", seller] = f.DesignationFactory(
        subscription=world.sales[seller, customer].subscription,
        partner=world.partners[reseller],
        started_at=now - timedelta(days=60),
        ended_at=now - timedelta(days=40),
        ended_as="declined",
    )
    for customer, reseller in SALES[seller]:
        subscription = world.sales[seller, customer].subscription
        row = (
            Designation.objects.stored()
            .select_related("subscription", "provider")
            .get(subscription=subscription)
        )
        world.dealings["duty", seller, customer] = row
        if (seller, customer) in (("fabrikam", "northwind"), ("fabrikam", "woodgrove")):
            may = {f"{seller}:agents", f"{reseller}:agents"}
            hand_back_duty(
                row,
                at=now + timedelta(days=90),
                acting=_admin(world, reseller),
                reason=world.canaries.word(f"why {reseller} hands {customer} back", may, ()),
            )


def _reports(world: World, seller: str) -> None:
    """Yesterday two customers said that a contact is wrong; one was answered."""
    now = timezone.now()
    for key, (customer, reseller) in zip(("answered report", "report"), SALES[seller], strict=False):
        plant, about = world.canaries, f"{key} of {customer} to {seller}"
        may = {f"{seller}:agents", f"{customer}:readers"}
        [row] = report_contact(
            world.partners[reseller],
            subscriptions=[world.sales[seller, customer].subscription],
            day=(now - timedelta(days=1)).date(),
            reason="other",
            detail=plant.word(f"detail of the {about}", may, ()),
            acting=_admin(world, customer),
        ).made
        if key == "answered report":
            answer = plant.word(f"answer to the {about}", may, ())
            row = answer_report(row, answer=answer, acting=_admin(world, seller))
        world.dealings[key, seller] = row


def _repairs(world: World, seller: str) -> None:
    """A selection that waits for its plan; one that was submitted, and changed nothing."""
    acting = _admin(world, seller)
    chosen = [world.sales[seller, customer].subscription.pk for customer, _reseller in SALES[seller][:2]]
    world.dealings["repair", seller] = select_for_repair(chosen, acting=acting)
    done = select_for_repair(chosen, acting=acting)
    world.dealings["done repair", seller] = repair(
        done, partner=world.partners[seller], versions={}, acting=acting
    )
