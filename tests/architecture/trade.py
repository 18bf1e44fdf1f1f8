"""Who has to do with whom in the world: agreements, customers, grants, and every kind of subscription."""

from datetime import timedelta

from django.utils import timezone

from customers.models import CustomerRelationship
from portal.audit import record
from portal.models import Action
from subscriptions.models import Subscription
from support_contacts.operations import Changed, choose_support_contact
from tests import factories as f
from tests.architecture import readers
from tests.architecture.canaries import guid
from tests.architecture.cast import EMPTY, ENDED, PARTNERS, RESELLERS_OF, SALES, SELLERS, Person
from tests.architecture.world import Sale, World


def relationships(world: World) -> None:
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
        _view(world, seller, EMPTY)
    _grant(world, "tailspin", "contoso", "fabrikam")
    _grant(world, "former", "contoso", "fabrikam")
    _view(world, "relecloud", "contoso")


def _view(world: World, partner: str, customer: str) -> CustomerRelationship:
    """What a partner calls a customer: its own words, of which resellers are told the company name."""
    plant, about = world.canaries, f"{partner} has for {customer}"
    may, own = readers.of_view(partner, customer), readers.of_own_view(partner, customer)
    finds = own if partner in SELLERS and customer != ENDED else ()
    # An alias goes before the company name, so only those without one show it to their own agents.
    return f.CustomerRelationshipFactory(
        partner=world.partners[partner],
        customer=world.customers[customer],
        company_name=f"{plant.word(f'company name {about}', may, readers.finders_of_view(partner, customer))} plc",
        domain=f"{plant.word(f'domain {about}', may, finds)}.example",
        domains=[f"{plant.word(f'other domain {about}', own, ())}.example"],
        alias=f"{plant.word(f'alias {about}', own, finds)} there",
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


def sale(world: World, seller: str, customer: str, reseller: str) -> None:
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


def trey_keeps_a_record_of_its_own(world: World) -> None:
    """An event about Fabrikam's subscription in another organisation's record: theirs to read, not Fabrikam's."""
    sold = world.sales["fabrikam", "contoso"]
    world.others_event = record(
        Action.DESIGNATION_MADE,
        acting=world.actor(Person("trey", "admin_agent")),
        organisation=world.organisations["trey"],
        at=timezone.now() - timedelta(days=10),
        before=sold.event.before,
        after=sold.event.after,
        note=world.canaries.word("note in Trey's own record", {"trey:agents"}, ()),
        customer_id=sold.subscription.customer_id,
        subscription_id=sold.subscription.pk,
    )


def what_fabrikam_has_besides(world: World) -> None:
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
    sold["removed"] = _subscription(
        world,
        "fabrikam",
        "contoso",
        "removed",
        purchased_through="open",
        seller_name=world.canaries.word("removed's seller", readers.of_subscription("fabrikam", "contoso")),
        status="deleted",
        ended_at=ago,
    )
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
