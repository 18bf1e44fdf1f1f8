"""What a provider's addresses of relationships can point at, as seen by whoever knocks: resellers, requests.

`over` is a row that has ended and stays visible; the words of `relations` are used as there.
"""

from tests.architecture.canaries import guid
from tests.architecture.cast import EMPTY, ENDED, RESELLERS_OF, SALES, SELLERS, Person
from tests.architecture.relations import NOWHERE, Target, nearest
from tests.architecture.world import World

#: Another seller than one's own, by one's own.
OTHERS = {"fabrikam": "proseware", "proseware": "fabrikam", "litware": "proseware", "tailspin": "proseware"}


def seller_of(person: Person) -> str:
    """The seller this person works for; for others, the one they have most to do with."""
    return person.organisation if person.organisation in SELLERS else nearest(person.organisation)[0]


def elsewhere(me: str) -> tuple[str, str, str]:
    """A sale this seller has nothing to do with: who sells, to whom, and through which reseller."""
    seller, mine = OTHERS[me], {customer for customer, _reseller in SALES[me]}
    customer, reseller = next(sale for sale in SALES[seller] if sale[0] not in mine)
    return seller, customer, reseller


# -- a provider's resellers


def requested_resellers(world: World, person: Person) -> list[Target]:
    """A reseller, by its tenant id; one's own is one that was asked and has not answered."""
    me = seller_of(person)
    return [
        Target("own", (guid("asked"),), subject="requested"),
        Target("sibling", (guid(RESELLERS_OF[me][0]),), subject="established"),
        *_resellers_of_nobody(me),
    ]


def established_resellers(world: World, person: Person) -> list[Target]:
    me = seller_of(person)
    return [
        Target("own", (guid(RESELLERS_OF[me][0]),), subject="established"),
        Target("sibling", (guid("asked"),), subject="requested"),
        *_resellers_of_nobody(me),
    ]


def _resellers_of_nobody(me: str) -> list[Target]:
    foreign = RESELLERS_OF[OTHERS[me]][0]
    found = [
        Target("foreign", (guid(foreign),), False),
        # A customer of one's own; and for Tailspin its provider: there it is the other side that may.
        Target("crossed", (guid(SALES[me][0][0]),), False),
        Target("nonexistent", (NOWHERE,), False),
    ]
    if me == "tailspin":
        found.append(Target("crossed", (guid("fabrikam"),), False))
    if me == "fabrikam":
        found.append(Target("over", (guid("former"),), subject="over"))
    return found


def named_resellers(world: World, person: Person) -> list[Target]:
    """Whom the form of a request names: anybody by PartnerID, by id only one's own."""
    foreign = RESELLERS_OF[OTHERS[seller_of(person)]][0]
    return [
        Target("own", subject="found", fields={"find": "7100010"}),
        Target("sibling", subject="ours", fields={"reseller": guid("asked")}),
        Target("foreign", subject="nobody", fields={"reseller": guid(foreign)}),
        Target("crossed", subject="nobody", fields={"reseller": guid(SALES[seller_of(person)][0][0])}),
        Target("nonexistent", subject="nobody", fields={"reseller": NOWHERE}),
    ]


def reseller_invitations(world: World, person: Person) -> list[Target]:
    me = seller_of(person)
    rows = world.dealings
    return [
        Target("own", (rows["invitation", me, "open"].pk,), subject="open"),
        Target("over", (rows["invitation", me, "withdrawn"].pk,), subject="over"),
        Target("foreign", (rows["invitation", OTHERS[me], "open"].pk,), False),
        Target("foreign and over", (rows["invitation", OTHERS[me], "withdrawn"].pk,), False),
        Target("crossed", (world.invitations[me].pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def invitation_tokens(world: World, person: Person) -> list[Target]:
    """Whoever holds the link may read it; it works for the address it was made for."""
    rows, tokens = world.dealings, world.tokens
    return [
        Target(
            "for somebody new",
            (tokens["invitation of fabrikam: open"],),
            subject=("new", rows["invitation", "fabrikam", "open"]),
        ),
        Target(
            "for nobody",
            (tokens["invitation of fabrikam: for nobody"],),
            subject=("nobody", rows["invitation", "fabrikam", "for nobody"]),
        ),
        Target("ended", (tokens["invitation of fabrikam: withdrawn"],), False),
        Target("crossed", (tokens["fabrikam: invited"],), False),
        Target("nonexistent", ("no-such-token",), False),
        Target("nonexistent", (f"{rows['invitation', 'fabrikam', 'open'].pk.hex}.no-such-seal",), False),
    ]


# -- what is asked of customers, by sellers


def requests_of_seller(world: World, person: Person) -> list[Target]:
    """A customer and a request at it. Delegated admin is taken back by those who may ask for it."""
    me = seller_of(person)
    rows, own, sibling = world.dealings, SALES[me][0][0], SALES[me][1][0]
    other, theirs = OTHERS[me], SALES[OTHERS[me]][0][0]
    rights, newcomer = (rows[key, me].relationship.pk for key in ("rights", "newcomer"))
    supporting = world.customers[own].relationships.get(partner=guid(SALES[me][0][1]))
    found = [
        Target("own", (guid(own), rights), subject="rights"),
        Target("own too", (guid("newcomer"), newcomer), subject="relationship"),
        Target("over", (guid("newcomer"), rows["withdrawn", me].relationship.pk), subject="over"),
        # Granted to its reseller on its request: nothing waits there.
        Target("answered", (guid(own), supporting.pk), subject="over"),
        Target("foreign", (guid(theirs), rows["rights", other].relationship.pk), False),
        Target("foreign too", (guid("newcomer"), rows["newcomer", other].relationship.pk), False),
        Target("crossed", (guid(sibling), rights), False),
        Target("crossed", (guid(own), newcomer), False),
        Target("crossed", (guid(own), rows["customer request", "contoso"].relationship.pk), False),
        Target("nonexistent", (guid(own), NOWHERE), False),
        Target("nonexistent customer", (NOWHERE, rights), False),
    ]
    if me == "fabrikam":  # its reseller's own relationship at its customer: visible, and not its request
        row = world.customers[own].relationships.get(partner=guid("relecloud"))
        found.append(Target("crossed", (guid(own), row.pk), False))
    return found


def resellers_at_customer(world: World, person: Person) -> list[Target]:
    me = seller_of(person)
    own, reseller = SALES[me][0]
    asked, (_seller, customer, other) = guid("asked"), elsewhere(me)
    return [
        Target("own", (guid(own), asked)),
        Target("sibling", (guid(SALES[me][1][0]), asked)),
        Target("established", (guid(own), guid(reseller)), subject="established"),
        Target("foreign", (guid(customer), asked), False),
        Target("crossed", (guid(own), guid(other)), False, is_within=True),
        Target("crossed", (guid(own), guid(me)), False, is_within=True),
        Target("ended", (guid(ENDED), asked), False),
        Target("nonexistent", (guid(own), NOWHERE), False, is_within=True),
        Target("nonexistent customer", (NOWHERE, asked), False),
    ]


def found_customers(world: World, person: Person) -> list[Target]:
    """Whom the form of a request names: anybody by exact id or domain."""
    me = seller_of(person)
    return [
        Target("own", subject="found", fields={"find": guid(elsewhere(me)[1])}),
        Target("sibling", subject="ours", fields={"find": guid(SALES[me][0][0])}),
        Target("nonexistent", subject="nobody", fields={"find": NOWHERE}),
    ]


def customers_with_request(world: World, person: Person) -> list[Target]:
    """A customer to ask for something, and for whom: oneself, one's reseller, or nobody one knows."""
    me = seller_of(person)
    own, reseller = SALES[me][0]
    sibling, (_seller, customer, other) = SALES[me][1][0], elsewhere(me)
    return [
        Target("own", (guid(sibling),), subject="asks"),
        Target("own, for a reseller", (guid(own),), subject="asks", fields={"reseller": guid(reseller)}),
        Target("own, asked before", (guid(own),), subject="asks"),
        Target(
            "own, for one that was asked", (guid(own),), subject="refused", fields={"reseller": guid("asked")}
        ),
        Target(
            "own, for another's reseller",
            (guid(own),),
            subject="nobody",
            fields={"reseller": guid(other)},
        ),
        Target("own, for nobody", (guid(own),), subject="nobody", fields={"reseller": NOWHERE}),
        Target("foreign", (guid(customer),), False),
        Target("unanswered", (guid("newcomer"),), False),
        Target("ended", (guid(ENDED),), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def customers_to_end(world: World, person: Person) -> list[Target]:
    """One that was never sold anything can be ended; what ended is said once more, and has no page."""
    me = seller_of(person)
    return [
        Target("own", (guid(EMPTY),), subject="free"),
        *(Target("sibling", (guid(name),), subject="sold to") for name, _reseller in SALES[me][:2]),
        Target("ended", (guid(ENDED),), False, takes_post=True),
        Target("foreign", (guid(elsewhere(me)[1]),), False),
        Target("unanswered", (guid("newcomer"),), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def customers_without_people(world: World, person: Person) -> list[Target]:
    return [
        Target(target.relation, target.args, target.is_visible, subject=target.subject)
        for target in customers_to_end(world, person)
    ]
