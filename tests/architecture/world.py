"""One world with every relation there is, and a canary in every text of it.

Two providers that share a customer, a direct partner, a partner of both kinds, resellers in every state, a tenant that
is partner and customer, people in every role, one person of two organisations; what ended, and what is nobody's.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from customers.models import Customer, CustomerRelationship
from portal.actor import Actor
from portal.models import AuditEvent, Membership, Organisation, Partner, PasswordLink, User
from portal.operations.links import make_link
from subscriptions.models import Subscription
from support_contacts.operations import Changed, choose_support_contact
from tests import factories as f
from tests.architecture import readers
from tests.architecture.canaries import Canaries, guid
from tests.architecture.cast import (
    CUSTOMERS,
    ENDED,
    ORGANISATIONS,
    PARTNERS,
    RESELLERS_OF,
    SALES,
    SELLERS,
    STAFF,
    Person,
)

PASSWORD = "a-long-enough-sentence"


@dataclass(frozen=True, slots=True)
class Sale:
    """A subscription, and the event of the choice that was made for it."""

    subscription: Subscription
    event: AuditEvent


@dataclass
class World:
    canaries: Canaries = field(default_factory=Canaries)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    memberships: dict[Person, Membership] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    subjects: dict[str, Membership] = field(default_factory=dict)
    removed: dict[str, uuid.UUID] = field(default_factory=dict)
    invitations: dict[str, PasswordLink] = field(default_factory=dict)
    withdrawn: dict[str, PasswordLink] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sales: dict[tuple[str, str], Sale] = field(default_factory=dict)
    more: dict[str, Subscription] = field(default_factory=dict)

    def actor(self, person: Person) -> Actor:
        row = Membership.objects.select_related(
            "organisation__partner", "organisation__customer", "user"
        ).get(pk=self.memberships[person].pk)
        return Actor.of(row, request_id="world")


def build() -> World:
    """The whole world, in the transaction of whoever asks for it."""
    world = World()
    for name in ORGANISATIONS:
        _organisation(world, name)
    for person in STAFF:
        _person(world, person)
    for name in ORGANISATIONS:
        _subject(world, name)
    _people_between(world)
    _relationships(world)
    for seller, sales in SALES.items():
        for customer, reseller in (*sales, (ENDED, sales[0][1])):
            _sale(world, seller, customer, reseller)
    _what_fabrikam_has_besides(world)
    CustomerRelationship.objects.filter(customer=world.customers[ENDED], partner__in=SELLER_IDS).update(
        ended_at=timezone.now() - timedelta(days=2), ended_as="ended"
    )
    return world


SELLER_IDS = [guid(name) for name in SELLERS]


def _organisation(world: World, name: str) -> None:
    plant = world.canaries
    is_partner = name in PARTNERS
    known = readers.of_partner(name) if is_partner else {name}
    plant.plant(guid(name), f"tenant id of {name}", known | readers.of_tenant(name), must=())
    organisation = world.organisations[name] = f.OrganisationFactory(
        id=guid(name),
        name=f"{plant.word(f'name of {name}', known, must=readers.finders_of_name(name))} Limited",
        domain=f"{plant.word(f'domain of {name}', known, must={name})}.example",
    )
    if is_partner:
        partner_id, kinds = PARTNERS[name]
        plant.plant(partner_id, f"PartnerID of {name}", readers.of_partner_id(name), must={name})
        world.partners[name] = f.PartnerFactory(
            organisation=organisation,
            partner_id=partner_id,
            is_indirect_provider="p" in kinds,
            is_direct_partner="d" in kinds,
            is_indirect_reseller="r" in kinds,
        )
        _profile(world, name)
    if name in CUSTOMERS:
        world.customers[name] = f.CustomerFactory(organisation=organisation)


def _profile(world: World, name: str) -> None:
    plant = world.canaries
    may, must = readers.of_profile(name), readers.finders_of_profile(name)
    f.SupportProfileFactory(
        partner=world.partners[name],
        email=f"{plant.word(f'support mail of {name}', may, must)}@support.example",
        telephone=plant.telephone(f"telephone of {name}", may, must),
        website=f"www.{plant.word(f'site of {name}', may, must)}.example",
        urgent_telephone=plant.telephone(f"urgent telephone of {name}", may, must),
        urgent_note=plant.word(f"urgent note of {name}", may, must),
    )
    if name == "relecloud":
        f.PartnerSuspensionFactory(
            partner=world.partners[name],
            started_at=timezone.now() - timedelta(days=90),
            ended_at=timezone.now() - timedelta(days=80),
            reason=plant.word("why relecloud was suspended", (), ()),
        )


def _person(world: World, person: Person) -> None:
    plant, organisation, role = world.canaries, person.organisation, person.role
    own = {f"{organisation}:{role}", f"{organisation}:managers"}
    may = {organisation} if role in ("global_admin", "admin_agent") else own
    membership = world.memberships[person] = f.MembershipFactory(
        organisation=world.organisations[organisation],
        roles=[role],
        user__name=plant.word(f"name of {person}", may, own),
        user__email=f"{plant.word(f'mail of {person}', may, own)}@people.example",
        user__password=PASSWORD,
    )
    world.users[str(person)] = membership.user
    plant.plant(membership.pk, f"membership of {person}", {f"{organisation}:managers"})
    plant.plant(membership.user_id, f"user id of {person}", {organisation}, must=())


def _subject(world: World, name: str) -> None:
    """Somebody to change and to remove, who does not act; somebody who was removed; invitations in every state."""
    plant, organisation = world.canaries, world.organisations[name]
    managers = {f"{name}:managers"}
    role = "billing_admin" if name in PARTNERS else "service_support_admin"
    world.subjects[name] = f.MembershipFactory(
        organisation=organisation,
        roles=[role],
        user__name=plant.word(f"name of a member of {name}", managers),
        user__email=f"{plant.word(f'mail of a member of {name}', managers)}@people.example",
        user__password=PASSWORD,
    )
    plant.plant(world.subjects[name].pk, f"membership in {name}", managers)
    gone = f.MembershipFactory(
        organisation=organisation,
        roles=[role],
        user__name=plant.word(f"name of a former member of {name}", (), ()),
        user__email=f"{plant.word(f'mail of a former member of {name}', (), ())}@people.example",
    )
    world.removed[name] = gone.pk
    gone.delete()
    acting = world.actor(Person(name, "global_admin"))
    for store, state in ((world.invitations, "invited"), (world.withdrawn, "no longer invited")):
        shown = managers if state == "invited" else set()
        store[name], token = make_link(
            organisation,
            email=f"{plant.word(f'mail of somebody {state} by {name}', shown)}@invited.example",
            name=plant.word(f"name of somebody {state} by {name}", shown, ()),
            roles=[role],
            acting=acting,
            at=timezone.now(),
        )
        world.tokens[f"{name}: {state}"] = token
        if state == "invited":
            plant.plant(store[name].pk, f"invitation of {name}", managers)
    PasswordLink.objects.filter(pk=world.withdrawn[name].pk).update(withdrawn_at=timezone.now())


def _people_between(world: World) -> None:
    """One person of two organisations, one of none, and the links that are waiting for them."""
    plant = world.canaries
    circles = {"fabrikam:managers", "proseware:managers"}
    ambi = f.UserFactory(
        name=plant.word("name of ambi", circles | {"ambi@fabrikam", "ambi@proseware"}),
        email=f"{plant.word('mail of ambi', circles | {'ambi@fabrikam', 'ambi@proseware'})}@people.example",
        password=PASSWORD,
    )
    for organisation, role in (("fabrikam", "admin_agent"), ("proseware", "helpdesk_agent")):
        person = Person(organisation, role, f"ambi@{organisation}")
        world.memberships[person] = f.MembershipFactory(
            organisation=world.organisations[organisation], user=ambi, roles=[role]
        )
        plant.plant(world.memberships[person].pk, f"membership of {person}", {f"{organisation}:managers"})
        world.users[str(person)] = ambi
    nobody = world.users["nobody"] = f.UserFactory(
        name="Nobody", email="nobody@people.example", password=PASSWORD
    )
    link, world.tokens["for nobody"] = make_link(
        world.organisations["fabrikam"],
        email=nobody.email,
        name="",
        roles=["sales_agent"],
        acting=world.actor(Person("fabrikam", "global_admin")),
        at=timezone.now(),
    )
    world.invitations["for nobody"] = link
    world.users["demo"] = f.UserFactory(name="Demo", email="demo@people.example", is_demo=True)


def _relationships(world: World) -> None:
    plant = world.canaries
    pairs = [(seller, reseller) for seller, resellers in RESELLERS_OF.items() for reseller in resellers]
    for seller, reseller in (*pairs, ("fabrikam", "former")):
        both = {f"{seller}:agents", f"{reseller}:agents"}
        about = f"of the agreement between {seller} and {reseller}"
        # The picker names the agreement of whoever is eligible.
        shown = {f"{seller}:assigners"} if (seller, reseller) in readers.ELIGIBLE else set()
        f.ResellerRelationshipFactory(
            provider=world.partners[seller],
            reseller=world.partners[reseller],
            agreement_reference=plant.word(f"reference {about}", both, shown),
            agreement_scope=plant.word(f"scope {about}", both, ()),
            escalation_contact=plant.word(f"escalation {about}", both, ()),
        )
    for seller, sales in SALES.items():
        for customer, reseller in (*sales, (ENDED, sales[0][1])):
            _view(world, seller, customer)
            if not CustomerRelationship.objects.filter(
                partner=world.partners[reseller], customer=world.customers[customer]
            ).exists():
                _grant(world, reseller, customer, seller)
    _grant(world, "tailspin", "contoso", "fabrikam")
    _grant(world, "former", "contoso", "fabrikam")
    _view(world, "relecloud", "contoso")


def _view(world: World, partner: str, customer: str) -> CustomerRelationship:
    """What a partner calls a customer: its own words, of which resellers are told the company name."""
    plant, about = world.canaries, f"{partner} has for {customer}"
    may, own = readers.of_view(partner, customer), readers.of_own_view(partner, customer)
    # An alias goes before the company name, so only those without one show it to their own agents.
    return f.CustomerRelationshipFactory(
        partner=world.partners[partner],
        customer=world.customers[customer],
        company_name=f"{plant.word(f'company name {about}', may, readers.finders_of_view(partner, customer))} plc",
        domain=f"{plant.word(f'domain {about}', may, own if partner in SELLERS else ())}.example",
        domains=[f"{plant.word(f'other domain {about}', own, ())}.example"],
        alias=f"{plant.word(f'alias {about}', own, own if partner in SELLERS else ())} there",
    )


def _grant(world: World, reseller: str, customer: str, seller: str) -> None:
    about = f"Graph id of the grant of {customer} to {reseller} for {seller}"
    may = {f"{reseller}:agents", f"{customer}:readers", f"{seller}:agents"}
    f.DelegatedAdminFactory(
        relationship=_view(world, reseller, customer),
        requested_for=world.partners[seller],
        source_id=world.canaries.word(about, may, ()),
    )


def _subscription(world: World, seller: str, customer: str, what: str, **more: object) -> Subscription:
    plant, about = world.canaries, f"of {what} ({seller} → {customer})"
    may = readers.of_subscription(seller, customer)
    must = set() if customer == ENDED else may
    told = readers.of_offer(seller, customer, what)
    fields: dict[str, object] = {
        "microsoft_id": str(guid(f"{seller} {customer} {what}")),
        "offer_name": plant.word(f"offer {about}", told, told if customer != ENDED else ()),
        "friendly_name": plant.word(f"nickname {about}", may, must),
        "order_id": plant.word(f"order {about}", may, ()),
        "entitlement_id": plant.word(f"entitlement {about}", may, ()),
        "publisher_name": plant.word(f"publisher {about}", may, ()),
        "product_type_name": plant.word(f"product type {about}", may, ()),
        **more,
    }
    row = f.SubscriptionFactory(provider=world.partners[seller], customer=world.customers[customer], **fields)
    plant.plant(row.pk, f"our id {about}", may, must=())
    if row.microsoft_id:
        # On a phone the customer's page copies it and mails it; agents read it among the facts.
        plant.plant(row.microsoft_id, f"Microsoft id {about}", may, must)
    return row


def _sale(world: World, seller: str, customer: str, reseller: str) -> None:
    """A subscription whose contact an agent of the seller has chosen, with a note."""
    row = _subscription(world, seller, customer, "sale", reseller_of_record=PARTNERS[reseller][0])
    person = Person(seller, "admin_agent")
    still = readers.agents_of_sale(seller, customer)
    changed = choose_support_contact(
        row,
        partner_id=world.partners[reseller].pk,
        version=0,
        note=world.canaries.word(f"note on the sale of {seller} to {customer}", still),
        acting=world.actor(person),
    )
    assert isinstance(changed, Changed)
    row.refresh_from_db()
    world.canaries.plant(changed.event.pk, f"event of {seller} at {customer}", still, must=())
    world.sales[seller, customer] = Sale(row, changed.event)


def _what_fabrikam_has_besides(world: World) -> None:
    """The other kinds of subscription, at the customer two providers share."""
    ago = timezone.now() - timedelta(days=20)
    sold = world.more
    main = world.sales["fabrikam", "contoso"].subscription
    sold["add-on"] = _subscription(world, "fabrikam", "contoso", "add-on", parent=main)
    sold["default"] = _subscription(world, "fabrikam", "contoso", "default")
    sold["fallback"] = _subscription(world, "fabrikam", "contoso", "fallback")
    sold["new commerce"] = _subscription(world, "fabrikam", "contoso", "new commerce", is_new_commerce=True)
    sold["ended"] = _subscription(
        world, "fabrikam", "contoso", "ended", status="deleted", ended_at=ago, commitment_end=ago
    )
    seller = world.canaries.word("elsewhere's seller", readers.of_subscription("fabrikam", "contoso"))
    shared = _subscription(world, "proseware", "contoso", "registered").microsoft_id
    # Registered by one provider under the very id that the other one sold it by.
    sold["elsewhere"] = _subscription(
        world,
        "fabrikam",
        "contoso",
        "elsewhere",
        purchased_through="microsoft",
        seller_name=seller,
        microsoft_id=shared,
    )
    world.canaries.plant(shared, "an id that two providers know", readers.SHARED_ID)
    f.DesignationFactory(subscription=sold["fallback"], partner=world.partners["relecloud"])
    f.DesignationFactory(
        subscription=sold["default"],
        partner=world.partners["former"],
        started_at=timezone.now() - timedelta(days=200),
        ended_at=timezone.now() - timedelta(days=100),
        ended_as="replaced",
    )
    world.partners["former"].provider_relationships.update(
        ended_at=timezone.now() - timedelta(days=100), ended_as="ended"
    )
