"""Who plays in the world: organisations, what each is, who sells what to whom, and who works there."""

from dataclasses import dataclass

PARTNER_ROLES = (
    "global_admin",
    "admin_agent",
    "helpdesk_agent",
    "sales_agent",
    "billing_admin",
    "user_admin",
)
CUSTOMER_ROLES = ("global_admin", "service_support_admin")

#: Partners: PartnerID, and what each is (p: indirect provider, d: direct partner, r: indirect reseller).
PARTNERS = {
    "fabrikam": ("7100001", "p"),
    "proseware": ("7100002", "p"),
    "litware": ("7100003", "d"),
    "tailspin": ("7100004", "pr"),
    "trey": ("7100005", "r"),
    "relecloud": ("7100006", "r"),
    "firstup": ("7100007", "r"),
    "fourth": ("7100008", "r"),
    "former": ("7100009", "r"),
    "stranger": ("7100010", "r"),
    "woodgrove": ("7100011", "r"),
    "asking": ("7100012", "p"),
    "asked": ("7100013", "r"),
}
CUSTOMERS = (
    "contoso",
    "northwind",
    "wingtip",
    "alpine",
    "adatum",
    "margie",
    "lucerne",
    "humongous",
    "woodgrove",
    "tailspin",
    "newcomer",
    "empty",
)
#: Every seller asks the reseller "asked" and the customer "newcomer"; "asking" asks whoever walks, and sells nothing.
#: "empty" is a customer of every seller: nothing was sold to it yet, and nobody of it is here.
EMPTY = "empty"
#: Tailspin sells, supports and buys: on an agent's pages what it bought is not its own.
#: Who sells to whom, and through which reseller; the first is the seller's *own*, the second its *sibling*.
SALES = {
    "fabrikam": (("contoso", "trey"), ("northwind", "trey"), ("woodgrove", "tailspin"), ("tailspin", "trey")),
    "proseware": (("alpine", "firstup"), ("contoso", "firstup")),
    "litware": (("adatum", "fourth"), ("margie", "fourth")),
    "tailspin": (("lucerne", "fourth"), ("humongous", "fourth")),
}
#: Everybody sold to it once, and nobody does any more.
ENDED = "wingtip"
RESELLERS_OF = {
    "fabrikam": ("trey", "relecloud", "tailspin", "woodgrove"),
    "proseware": ("firstup",),
    "litware": ("fourth",),
    "tailspin": ("fourth",),
}
SELLERS = frozenset(SALES)
RESELLERS = frozenset(name for name, (_id, kinds) in PARTNERS.items() if "r" in kinds)
BUYERS = frozenset(CUSTOMERS)
#: Of every kind of organisation one has people in every role; of the other partners a global admin and an agent.
FULLY_STAFFED = ("fabrikam", "litware", "tailspin", "trey", "woodgrove")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who knocks: organisation and role, or neither."""

    organisation: str = ""
    role: str = ""
    name: str = ""

    def __str__(self) -> str:
        return self.name or f"{self.organisation}/{self.role}"

    @property
    def is_signed_in(self) -> bool:
        return self.name != "anonymous"


ANONYMOUS = Person(name="anonymous")
NOBODY = Person(name="nobody")
DEMO = Person(name="demo")
#: One person of two organisations, acting for each.
AMBI_FABRIKAM = Person("fabrikam", "admin_agent", "ambi@fabrikam")
AMBI_PROSEWARE = Person("proseware", "helpdesk_agent", "ambi@proseware")


def staff(organisation: str) -> list[Person]:
    """The people of an organisation, one a role."""
    roles: list[str] = []
    if organisation == EMPTY:
        return []
    if organisation in PARTNERS:
        roles += PARTNER_ROLES if organisation in FULLY_STAFFED else PARTNER_ROLES[:2]
    if organisation in CUSTOMERS:
        roles += [role for role in CUSTOMER_ROLES if role not in roles]
    return [Person(organisation, role) for role in roles]


ORGANISATIONS = tuple(dict.fromkeys([*PARTNERS, *CUSTOMERS]))
STAFF = tuple(person for organisation in ORGANISATIONS for person in staff(organisation))
#: Who walks the matrix: every kind; of organisations that differ only in whom they trade with, one.
WALKERS = (*FULLY_STAFFED, "proseware", "relecloud", "stranger", "contoso", "northwind", ENDED)
#: Every role of a provider and of a reseller walks. Of the other kinds those who may most, only look, and only read:
#: what a role may is the same in every kind of organisation (`portal.permissions`).
EVERY_ROLE = ("fabrikam", "trey")
ENOUGH_ROLES = ("global_admin", "admin_agent", "sales_agent", "service_support_admin")
EVERYBODY = (
    ANONYMOUS,
    NOBODY,
    AMBI_FABRIKAM,
    AMBI_PROSEWARE,
    *(
        person
        for person in STAFF
        if person.organisation in WALKERS
        and (
            person.organisation in EVERY_ROLE
            or person.organisation not in FULLY_STAFFED
            or person.role in ENOUGH_ROLES
        )
    ),
)


def sold_to(customer: str) -> list[str]:
    """Who sells, or sold, to a customer."""
    sellers = [seller for seller, sales in SALES.items() if customer in [name for name, _ in sales]]
    return list(SELLERS) if customer == ENDED else sellers


def supporting(customer: str, seller: str) -> list[str]:
    """The resellers that support, for this seller, something of this customer now."""
    return [reseller for name, reseller in SALES[seller] if name == customer]
