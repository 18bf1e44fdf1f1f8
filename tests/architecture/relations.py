"""What an address can point at, as seen by whoever knocks: own, sibling, foreign, ended, nonexistent, crossed.

`own` is the person's own; for an organisation that sells nothing, what it has to do with comes nearest to that.
"""

from dataclasses import dataclass, field

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import resolve

from portal.mail.compose import off_path
from portal.models import MailKind
from tests.architecture.canaries import guid
from tests.architecture.cast import BUYERS, ENDED, SALES, SELLERS, Person
from tests.architecture.world import World

NOWHERE = guid("nobody has this id")


@dataclass(frozen=True)
class Target:
    """An address's arguments, how they relate to the person, and whether that is theirs to see."""

    relation: str
    args: tuple[object, ...] = ()
    is_visible: bool = True
    #: Inside a row that is visible: what is not there is looked for after it.
    is_within: bool = False
    #: Over: a second press is answered, and there is no page any more.
    takes_post: bool = False
    #: Nobody else's, not even a colleague's: nobody reaches it in somebody's stead.
    is_personal: bool = False
    subject: object = None
    fields: dict[str, object] = field(default_factory=dict)

    def is_there(self, method: str) -> bool:
        return self.is_visible or (self.takes_post and method == "POST")


def nothing(world: World, person: Person) -> list[Target]:
    """The address names no row."""
    return [Target("own")]


def sales(world: World, person: Person) -> list[Target]:
    """A subscription of a customer."""
    pairs = pairs_of(person)
    own = world.sales[pairs["own"]].subscription
    found = []
    for relation, pair in pairs.items():
        row = world.sales[pair].subscription
        found.append(Target(relation, (row.customer_id, row.public_id), is_theirs(relation), subject=row))
    sibling = world.sales[pairs["sibling"]].subscription
    found += [
        Target("crossed", (own.customer_id, sibling.public_id), False, subject=own),
        Target("nonexistent", (own.customer_id, str(NOWHERE)), False, subject=own),
        Target("nonexistent customer", (NOWHERE, own.public_id), False, subject=own),
    ]
    return found


def customers(world: World, person: Person) -> list[Target]:
    """A customer. That another provider sells to it too changes nothing."""
    pairs = {name: pair for name, pair in pairs_of(person).items() if name != "shared"}
    found = [
        Target(relation, (world.customers[customer].pk,), is_theirs(relation))
        for relation, (_seller, customer) in pairs.items()
    ]
    return [*found, Target("nonexistent", (NOWHERE,), False)]


def events(world: World, person: Person) -> list[Target]:
    """A change of a subscription's contact; also one of another subscription, and of another organisation."""
    pairs = pairs_of(person)
    found = []
    for relation, pair in pairs.items():
        sale = world.sales[pair]
        args = (sale.subscription.customer_id, sale.subscription.public_id, sale.event.pk)
        found.append(Target(relation, args, is_theirs(relation)))
    own = world.sales[pairs["own"]]
    at = (own.subscription.customer_id, own.subscription.public_id)
    found.append(Target("nonexistent", (at[0], str(NOWHERE), own.event.pk), False))
    for relation, event in (
        ("sibling's event", world.sales[pairs["sibling"]].event.pk),
        ("foreign event", world.sales[pairs["foreign"]].event.pk),
        ("another's event", world.others_event.pk),
        ("nonexistent event", NOWHERE),
    ):
        found.append(Target(relation, (*at, event), False, is_within=True))
    return found


def members(world: World, person: Person) -> list[Target]:
    """Somebody's membership: own organisation's, another's, one that was."""
    others = organisations_of(person)
    found = [
        Target(relation, (world.subjects[name].pk,), relation == "own", subject=name)
        for relation, name in others.items()
    ]
    ended = Target("ended", (world.removed[others["own"]],), False, subject=others["own"])
    return [*found, ended, Target("nonexistent", (NOWHERE,), False, subject=others["own"])]


def invitations(world: World, person: Person) -> list[Target]:
    """An open invitation: own organisation's, another's, one that was withdrawn."""
    others = organisations_of(person)
    found = [
        Target(relation, (world.invitations[name].pk,), relation == "own")
        for relation, name in others.items()
    ]
    ended = Target("ended", (world.withdrawn[others["own"]].pk,), False)
    return [*found, ended, Target("nonexistent", (NOWHERE,), False)]


def tokens(world: World, person: Person) -> list[Target]:
    """A link into an organisation. Whoever holds it may read it; it works for the address it was made for."""
    return [
        Target("for somebody new", (world.tokens["fabrikam: invited"],), subject="new"),
        Target("for nobody", (world.tokens["for nobody"],), subject="nobody"),
        Target("ended", (world.tokens["fabrikam: no longer invited"],), False),
        Target("nonexistent", ("no-such-token",), False),
    ]


def password_keys(world: World, person: Person) -> list[Target]:
    """The link of a mail for a new password."""
    user = world.users["nobody"]
    uid, demo = user_pk_to_url_str(user), world.users["demo"]
    return [
        Target("own", (uid, default_token_generator.make_token(user))),
        Target(
            "nonexistent for them",
            (user_pk_to_url_str(demo), default_token_generator.make_token(user)),
            False,
        ),
        Target("nonexistent", (uid, "no-such-key"), False),
    ]


def organisations(world: World, person: Person) -> list[Target]:
    """An organisation named by a form."""
    if not person.organisation:
        return [Target("foreign", is_visible=False, fields={"organisation": guid("fabrikam")})]
    found = [
        Target(relation, (), relation == "own", fields={"organisation": world.organisations[name].pk})
        for relation, name in organisations_of(person).items()
    ]
    if person.name:
        other = "proseware" if person.organisation == "fabrikam" else "fabrikam"
        found.append(Target("own too", (), True, fields={"organisation": world.organisations[other].pk}))
    return [*found, Target("nonexistent", (), False, fields={"organisation": NOWHERE})]


def organisations_of(person: Person) -> dict[str, str]:
    """Own; one it has relationships with; one it has nothing to do with."""
    own = person.organisation or "fabrikam"
    sibling = {"fabrikam": "trey"}.get(own, "fabrikam")
    if person.name.startswith("ambi"):
        return {"own": own, "sibling": "trey", "foreign": "stranger"}
    return {"own": own, "sibling": sibling, "foreign": "stranger" if own != "stranger" else "litware"}


def pairs_of(person: Person) -> dict[str, tuple[str, str]]:
    """(seller, customer) by relation."""
    name = person.organisation
    if name not in SELLERS:
        own = nearest(name)
        sibling = ("fabrikam", "woodgrove") if own == ("fabrikam", "northwind") else ("fabrikam", "northwind")
        foreign = ("proseware", "alpine") if own[0] == "litware" else ("litware", "adatum")
        return {"own": own, "sibling": sibling, "foreign": foreign, "ended": ("fabrikam", ENDED)}
    first, second = (customer for customer, _reseller in SALES[name][:2])
    pairs = {"own": (name, first), "sibling": (name, second), "ended": (name, ENDED)}
    pairs |= {f"further {n}": (name, sale[0]) for n, sale in enumerate(SALES[name][2:])}
    if name in BUYERS:
        pairs["bought"] = next((seller, name) for seller in SALES if name in dict(SALES[seller]))
    pairs["foreign"] = ("fabrikam", "northwind") if name == "proseware" else ("proseware", "alpine")
    if name in ("fabrikam", "proseware"):
        pairs["shared"] = ("proseware" if name == "fabrikam" else "fabrikam", "contoso")
    return pairs


def is_theirs(relation: str) -> bool:
    """A seller's relations to what it sold and still has."""
    return relation in ("own", "sibling") or relation.startswith("further")


def nearest(name: str) -> tuple[str, str]:
    """The sale an organisation has most to do with: as its customer, or as the reseller that supports it."""
    for seller, rows in SALES.items():
        for customer, reseller in rows:
            if name in (customer, reseller):
                return seller, customer
    return "fabrikam", "contoso"


def mail_signatures(world: World, person: Person) -> list[Target]:
    """The way out of a kind of mail: whoever holds what we signed, and nothing we did not."""
    signed = resolve(off_path(str(world.users["nobody"].pk), MailKind.REQUEST)).kwargs["signed"]
    return [
        Target("own", (signed,)),
        Target("nonexistent, of another kind", (signed.replace("request", "answer"),), False),
        Target("nonexistent", ("nonsense",), False),
    ]
