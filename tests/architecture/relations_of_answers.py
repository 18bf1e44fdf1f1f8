"""What the addresses of those who are asked can point at, as seen by whoever knocks: requests, partners, links.

`over` is a row that has ended and stays visible; the words of `relations` are used as there.
"""

from portal.models import AnswerLink
from tests.architecture.canaries import guid
from tests.architecture.cast import ENDED, SALES, Person
from tests.architecture.dealings import ASKED_CUSTOMERS, ASKED_RESELLERS
from tests.architecture.relations import NOWHERE, Target
from tests.architecture.world import World

# -- a reseller's providers


def requests_to_reseller(world: World, person: Person) -> list[Target]:
    """A record between a provider and a reseller; one's own is a request to answer."""
    me = person.organisation if person.organisation in ASKED_RESELLERS else "trey"
    rows = world.dealings
    other = "relecloud" if me == "trey" else "trey"
    found = [
        Target("own", (rows["reseller request", "asking", me].pk,), subject="requested"),
        *_established(world, me, "sibling"),
        Target("over", (rows["withdrawn reseller request", me].pk,), subject="over"),
        Target("foreign", (rows["reseller request", "asking", other].pk,), False),
        # The other party of one's own request, by its tenant id: no record has that id.
        Target("crossed", (guid("asking"),), False),
        Target("nonexistent", (NOWHERE,), False),
    ]
    if me == "tailspin":  # what it asked for itself is another's to answer
        found.append(Target("crossed", (rows["reseller request", me, "asked"].pk,), False))
    return found


def established_providers(world: World, person: Person) -> list[Target]:
    """As above, with what is established as one's own."""
    relation = {"own": "requested", "sibling": "own"}
    return [
        Target(
            relation.get(target.relation, target.relation),
            target.args,
            target.is_visible,
            subject=target.subject,
        )
        for target in requests_to_reseller(world, person)
    ]


def _established(world: World, reseller: str, relation: str) -> list[Target]:
    rows = world.partners[reseller].provider_relationships.filter(provider=guid("fabrikam"))
    return [Target(relation, (row.pk,), subject="established") for row in rows]


# -- what a customer is asked, and who may act for it


def requests_to_customer(world: World, person: Person) -> list[Target]:
    me = _customer(person)
    rows = world.dealings
    other = "northwind" if me == "contoso" else "contoso"
    own = rows["customer request", me]
    found = [
        Target("own", (own.relationship.pk,), fields={"grant": own.grant.pk}),
        Target("over", (rows["ended relationship", me].pk,)),
        Target("foreign", (rows["customer request", other].relationship.pk,), False),
        Target("crossed", (own.grant.pk,), False),
        Target("nonexistent", (NOWHERE,), False),
    ]
    if me == "contoso":
        rights = rows["rights", "fabrikam"]
        found.append(Target("own too", (rights.relationship.pk,), fields={"grant": rights.grant.pk}))
    if me == "tailspin":  # as a partner it asked Lucerne: Lucerne's to answer
        found.append(Target("crossed", (rows["rights", me].relationship.pk,), False))
    return found


def partners_of_customer(world: World, person: Person) -> list[Target]:
    """A partner by its tenant id; one that only asks, or was one once, has no page."""
    return [*_partners(person), Target("ended", (guid("asking"),), False)]


def partners_to_end(world: World, person: Person) -> list[Target]:
    """As above; of one that ended before, ending says so."""
    return [*_partners(person), Target("over", (guid("asking"),), subject="over")]


def _partners(person: Person) -> list[Target]:
    me = _customer(person)
    seller, reseller = next((s, r) for s, rows in SALES.items() for c, r in rows if me in (c, ENDED))
    return [
        Target("own", (guid(reseller),), subject="acts"),
        Target("sibling", (guid(seller),), subject="sold" if me == ENDED else "sells"),
        # Everybody sold to the one that ended.
        Target("sibling", (guid("litware"),), subject="sold")
        if me == ENDED
        else Target("foreign", (guid("litware"),), False),
        Target("crossed", (guid(me),), False),
        Target("nonexistent", (NOWHERE,), False),
    ]


def _customer(person: Person) -> str:
    return person.organisation if person.organisation in ASKED_CUSTOMERS else "contoso"


# -- links


def answer_links(world: World, person: Person) -> list[Target]:
    """It leads those who are asked to what they are asked; to everybody else there is no such link."""
    me, tokens = person.organisation, world.tokens
    own = [
        *([tokens[f"asking to reseller {me}"]] if me in ASKED_RESELLERS else []),
        *([tokens[f"asking to customer {me}"]] if me in ASKED_CUSTOMERS else []),
    ]
    other = "relecloud" if me == "trey" else "trey"
    link = AnswerLink.objects.get(
        ended_at=None, target_id=world.dealings["reseller request", "asking", other].pk
    )
    return [
        *(Target("own", (token,)) for token in own),
        Target("foreign", (tokens[f"asking to reseller {other}"],), False),
        Target(
            "foreign too",
            (tokens[f"asking to customer {'contoso' if me != 'contoso' else 'northwind'}"],),
            False,
        ),
        Target("ended", (world.dealings["withdrawn", "fabrikam"].token,), False),
        Target("nonexistent", ("no-such-token",), False),
        Target("nonexistent", (f"{link.pk.hex}.no-such-seal",), False),
    ]
