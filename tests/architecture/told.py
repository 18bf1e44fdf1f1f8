"""What organisations say to each other, and what they are told: reasons, answers, requests for others, mails.

Rows of this file are nobody's target: they are there for their words. Who may read which is in `readers.py`.
"""

from datetime import timedelta

from django.utils import timezone

from customers.operations import decline_request as decline_as_customer
from customers.operations import request_customer
from customers.operations.first_admin import invite_first_admin
from portal.models import Mail, MailKind
from portal.operations import resellers
from support_contacts.operations import choose_support_contact
from support_contacts.operations.duties import decline_duty
from tests import factories as f
from tests.architecture import readers
from tests.architecture.canaries import guid
from tests.architecture.cast import EMPTY, ENDED, ORGANISATIONS, SALES, Person
from tests.architecture.dealings import may_also_know
from tests.architecture.world import World

#: (provider, its reseller, the customer it asks for that reseller).
ASKED_FOR = (("fabrikam", "trey", "woodgrove"), ("proseware", "firstup", "contoso"))
#: A customer of both these providers of which nobody is here, until who was invited comes.
UNMANNED, INVITER, OTHER = "unmanned", "fabrikam", "proseware"


def tell(world: World) -> World:
    """The world with all of it."""
    _ids_of_what_is_supported(world)
    _seller_of_what_was_removed(world)
    _answers_of_resellers(world)
    _answer_of_a_customer(world)
    for provider, reseller, customer in ASKED_FOR:
        _request_for_a_reseller(world, provider, reseller, customer)
    _first_admin(world)
    _declined_duty(world)
    for name in ORGANISATIONS:
        if name != EMPTY:
            _mail(world, name)
    return world


def _admin(world: World, organisation: str):
    return world.actor(Person(organisation, "global_admin"))


def _ids_of_what_is_supported(world: World) -> None:
    """Customers read the id of a subscription to whoever they call, so who supports it now is shown it."""
    for seller, sales in SALES.items():
        for customer, reseller in (*sales, (ENDED, sales[0][1])):
            text = world.sales[seller, customer].subscription.microsoft_id
            about = f"Microsoft id of sale ({seller} → {customer})"
            sold = readers.of_subscription(seller, customer)
            must = set() if customer == ENDED else {*sold, f"{reseller}:agents"}
            world.canaries.plant(text, about, sold | {f"{reseller}:agents"}, must)


def _seller_of_what_was_removed(world: World) -> None:
    """Its provider's agents still read who had sold it; among what has ended the customer reads the offer."""
    of_removed = [c for c in world.canaries.standing if c.about == "removed's seller"]
    for canary in of_removed:
        world.canaries.plant(canary.text, canary.about, canary.may, {"fabrikam:agents"})


def _answers_of_resellers(world: World) -> None:
    """One says no to a request, and why; one said yes, and ended it since, and why. The asker reads it."""
    for reseller, ends in (("fourth", False), ("firstup", True)):
        about = f"of what {reseller} told asking"
        both = readers.of_request("asking", reseller)
        made = resellers.request_reseller_relationship(
            world.partners[reseller],
            acting=_admin(world, "asking"),
            message=world.canaries.word(f"message {about}", both, {"asking:agents"}),
        )
        may_also_know(world, "asking", {reseller})
        may_also_know(world, reseller, {"asking:agents"})
        # Who asks is a person: they are named to whoever answers.
        may_also_know(world, "asking/global_admin", {f"{reseller}:agents"}, "name")
        if ends:
            resellers.accept_request(made.relationship, acting=_admin(world, reseller))
        say_no = resellers.end_reseller_relationship if ends else resellers.decline_request
        why = world.canaries.word(f"reason {about}", both, {"asking:agents"})
        say_no(made.relationship, acting=_admin(world, reseller), note=why)


def _answer_of_a_customer(world: World) -> None:
    both = readers.of_customers_answer("asking", "lucerne")
    made = request_customer(
        world.customers["lucerne"],
        partner=world.partners["asking"],
        acting=_admin(world, "asking"),
        message=world.canaries.word("message of asking to lucerne", both, ()),
    )
    may_also_know(world, "asking", {"lucerne:readers"})
    may_also_know(world, "lucerne", {"asking:agents"}, "name", "tenant id")
    why = world.canaries.word("reason of lucerne's no to asking", both, ())
    decline_as_customer(made.relationship, acting=_admin(world, "lucerne"), note=why)


def _request_for_a_reseller(world: World, provider: str, reseller: str, customer: str) -> None:
    """Read by who asks and who is asked; the other provider of a customer learns nothing of it."""
    may = readers.of_customers_answer(provider, customer)
    request_customer(
        world.customers[customer],
        partner=world.partners[reseller],
        acting=_admin(world, provider),
        days=60,
        message=world.canaries.word(
            f"message of {provider} for {reseller} to {customer}", may, {f"{customer}:readers"}
        ),
    )
    may_also_know(world, reseller, {f"{customer}:readers"}, "name", "domain", "tenant id")


def _first_admin(world: World) -> None:
    """Invited by one of two providers: the address is the inviter's alone, and shown to them once."""
    plant = world.canaries
    domain = f"{plant.word(f'domain of {UNMANNED}', {f'{INVITER}:agents', f'{OTHER}:agents'}, ())}.example"
    organisation = f.OrganisationFactory(
        id=guid(UNMANNED), name=plant.word(f"name of {UNMANNED}", (), ()), domain=domain
    )
    customer = f.CustomerFactory(organisation=organisation)
    for provider in (INVITER, OTHER):
        f.CustomerRelationshipFactory(
            partner=world.partners[provider],
            customer=customer,
            company_name=plant.word(f"company name {provider} has for {UNMANNED}", {f"{provider}:agents"}),
            domain=domain,
        )
    invite_first_admin(
        customer,
        email=f"{plant.word('mail of a first admin', readers.of_first_admin(INVITER), ())}@{domain}",
        name=plant.word("name of a first admin", readers.of_first_admin(INVITER), ()),
        acting=_admin(world, INVITER),
    )


def _declined_duty(world: World) -> None:
    """Trey declined: afterwards it reads customer, subscription, from and until; the reason is its provider's."""
    plant, agents = world.canaries, {"fabrikam:agents"}
    sold = agents | {"contoso:readers"}
    told = readers.of_duty_that_is_over("fabrikam", "contoso", "trey")
    row = f.SubscriptionFactory(
        provider=world.partners["fabrikam"],
        customer=world.customers["contoso"],
        microsoft_id=str(guid("declined by trey")),
        offer_name=plant.word("offer of what trey declined", told),
        friendly_name=plant.word("nickname of what trey declined", sold),
        order_id=plant.word("order of what trey declined", sold, ()),
    )
    plant.plant(row.microsoft_id, "Microsoft id of what trey declined", sold)
    plant.plant(row.pk, "our id of what trey declined", sold, ())
    choose_support_contact(
        row,
        partner_id=world.partners["trey"].pk,
        version=0,
        note=plant.word("note on what trey declined", agents, ()),
        acting=_admin(world, "fabrikam"),
    )
    row.designations.update(started_at=timezone.now() - timedelta(days=30))
    duty = row.designations.get()
    reason = plant.word("why trey declined", readers.of_decline("fabrikam"))
    decline_duty(duty, acting=_admin(world, "trey"), reason=reason)


def _mail(world: World, name: str) -> None:
    """Who looks after an organisation sees that a mail went and what it is about, never what it says."""
    plant, about = world.canaries, f"of a mail to {name}"
    see = readers.of_mails(name)
    Mail.objects.create(
        organisation=world.organisations[name],
        kind=MailKind.DESIGNATION,
        key=f"mail of {name}",
        address=f"{plant.word(f'address {about}', see)}@people.example",
        language="en",
        subject=plant.word(f"subject {about}", see),
        text=plant.word(f"text {about}", (), ()),
        html=f"<p>{plant.word(f'HTML {about}', (), ())}</p>",
        failure=plant.word(f"failure {about}", see),
        gave_up_at=timezone.now(),
        attempts=6,
    )
