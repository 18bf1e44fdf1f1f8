"""What the addresses of support contacts can point at, as seen by whoever knocks: duties, reports, repairs, steps."""

from tests.architecture.canaries import guid
from tests.architecture.cast import BUYERS, ENDED, SALES, SELLERS, WALKERS, Person
from tests.architecture.relations import NOWHERE, Target
from tests.architecture.relations_of_requests import OTHERS, seller_of
from tests.architecture.world import World

# -- of a provider


def declined_designations(world: World, person: Person) -> list[Target]:
    """A designation; one's own is one whose end nobody has seen."""
    me = seller_of(person)
    rows, other = world.dealings, OTHERS[me]
    found = [
        Target("own", (rows["declined duty", me].pk,)),
        Target("sibling", (rows["duty", me, SALES[me][1][0]].pk,)),
        Target("foreign", (rows["declined duty", other].pk,), False),
        Target("foreign too", (rows["duty", other, SALES[other][1][0]].pk,), False),
        Target("crossed", (world.sales[me, SALES[me][0][0]].subscription.pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]
    if me == "tailspin":  # what it supports for another is not its choice
        found.append(Target("crossed", (rows["duty", "fabrikam", "woodgrove"].pk,), False))
    return found


def selections(world: World, person: Person) -> list[Target]:
    """What a form ticked. Rows of another are left out, and what is left is nothing."""
    me = seller_of(person)
    other = OTHERS[me]
    return [
        Target(
            "own", subject="chosen", fields={"designation": world.dealings["duty", me, SALES[me][0][0]].pk}
        ),
        Target(
            "foreign",
            subject="nothing",
            fields={"designation": world.dealings["duty", other, SALES[other][0][0]].pk},
        ),
        Target("nonexistent", subject="nothing", fields={"designation": NOWHERE}),
    ]


def repairs(world: World, person: Person) -> list[Target]:
    """A selection, and to whom it shall go: the provider itself, or somebody it has nothing to do with."""
    me = seller_of(person)
    rows, other = world.dealings, OTHERS[me]
    row = world.sales[me, SALES[me][0][0]].subscription
    chosen = f"{row.pk}:{row.contact_version}"
    own = (rows["repair", me].pk,)
    return [
        Target("own", own, subject="open", fields={"partner": guid(me), "rows": chosen}),
        Target(
            "own, to a stranger", own, subject="refused", fields={"partner": guid("stranger"), "rows": chosen}
        ),
        Target("own, to nobody", own, subject="refused", fields={"partner": NOWHERE, "rows": chosen}),
        Target(
            "over",
            (rows["done repair", me].pk,),
            subject="over",
            fields={"partner": guid(me), "rows": chosen},
        ),
        Target("foreign", (rows["repair", other].pk,), False, fields={"partner": guid(me), "rows": chosen}),
        Target("foreign and over", (rows["done repair", other].pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def reports(world: World, person: Person) -> list[Target]:
    me = seller_of(person)
    rows, other = world.dealings, OTHERS[me]
    return [
        Target("own", (rows["report", me].pk,), subject="open"),
        Target("over", (rows["answered report", me].pk,), subject="over"),
        Target("foreign", (rows["report", other].pk,), False),
        Target("foreign and over", (rows["answered report", other].pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def asks(world: World, person: Person) -> list[Target]:
    me = seller_of(person)
    return [
        Target("own", (world.dealings["ask", me].pk,)),
        Target("over", (world.dealings["dismissed ask", me].pk,)),
        Target("foreign", (world.dealings["ask", OTHERS[me]].pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def wishes(world: World, person: Person) -> list[Target]:
    """Only one's own: a colleague's is nobody else's."""
    me = str(person) if person.organisation in SELLERS else f"{seller_of(person)}/global_admin"
    organisation = person.organisation if person.organisation in SELLERS else seller_of(person)
    colleague = f"{organisation}/admin_agent"
    if me == colleague:
        colleague = f"{organisation}/global_admin"
    return [
        Target("own", (world.dealings["wish", me].pk,), is_personal=True),
        Target("over", (world.dealings["told wish", me].pk,), is_personal=True),
        Target("colleague's", (world.dealings["wish", colleague].pk,), False),
        Target("foreign", (world.dealings["wish", f"{OTHERS[organisation]}/global_admin"].pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def notices(world: World, person: Person) -> list[Target]:
    me = person.organisation if person.organisation in WALKERS else "fabrikam"
    other = "litware" if me != "litware" else "fabrikam"
    return [
        Target("own", (world.dealings["notice", me].pk,)),
        Target("over", (world.dealings["seen notice", me].pk,)),
        Target("a member's", (world.dealings["member's notice", me].pk,), False),
        Target("foreign", (world.dealings["notice", other].pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


# -- of a reseller


def duties(world: World, person: Person) -> list[Target]:
    """A designation; one's own can be answered."""
    return [*_supported(world, person, ("contoso", "woodgrove")), *_duties_of_others(world, person)]


def duties_to_hand_back(world: World, person: Person) -> list[Target]:
    """As above; one's own is handed back on a day to come."""
    return [*_supported(world, person, ("northwind", "woodgrove")), *_duties_of_others(world, person)]


def _supported(world: World, person: Person, own: tuple[str, ...]) -> list[Target]:
    """What this reseller supports for Fabrikam: one of it is its own, the others are siblings."""
    return [
        Target(
            "own" if customer in own else "sibling",
            (world.dealings["duty", "fabrikam", customer].pk,),
            subject="stands",
        )
        for customer, reseller in SALES["fabrikam"]
        if reseller == person.organisation
    ]


def _duties_of_others(world: World, person: Person) -> list[Target]:
    rows, me = world.dealings, person.organisation
    other = ("fabrikam", "contoso") if me != "trey" else ("fabrikam", "woodgrove")
    found = [
        Target("foreign", (rows["duty", *other].pk,), False),
        # Who chose it, and for which subscription: neither is the duty's id.
        Target("crossed", (world.sales["fabrikam", "contoso"].subscription.pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]
    if me == "trey":
        found.append(Target("over", (rows["declined duty", "fabrikam"].pk,), subject="over"))
    else:
        found.append(Target("foreign and over", (rows["declined duty", "fabrikam"].pk,), False))
    if me == "tailspin":  # what it chose itself is its reseller's to answer
        found.append(Target("crossed", (rows["duty", "tailspin", "lucerne"].pk,), False))
    return found


# -- of a customer


def cards(world: World, person: Person) -> list[Target]:
    """A partner that some card of the customer names."""
    me = person.organisation if person.organisation in BUYERS else "contoso"
    reseller = next(r for rows in SALES.values() for c, r in rows if me in (c, ENDED))
    found = [Target("own", (guid(reseller),))]
    if me == "contoso":
        found.append(Target("sibling", (guid("firstup"),)))
    return [
        *found,
        Target("foreign", (guid("tailspin" if me in ("contoso", ENDED) else "firstup"),), False),
        Target("unanswered", (guid("asking"),), False),
        Target("crossed", (guid(me),), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def registered(world: World, person: Person) -> list[Target]:
    """A subscription bought elsewhere; what was sold to the customer is not its to remove."""
    sold = world.sales["fabrikam", "contoso"].subscription.pk
    found = [Target("crossed", (sold,), False), Target("nonexistent", (NOWHERE,), False)]
    elsewhere, removed = (world.more[key].pk for key in ("elsewhere", "removed"))
    if person.organisation == "contoso":
        return [Target("own", (elsewhere,)), Target("over", (removed,)), *found]
    return [Target("foreign", (elsewhere,), False), Target("foreign and over", (removed,), False), *found]
