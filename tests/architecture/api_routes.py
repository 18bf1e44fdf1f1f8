"""Every endpoint of the API by name: which roles it asks for, whose rows it knows, and how to call it so that it works.

As routes.py for pages: written by hand, and an endpoint that is not here fails. Credentials belong to partners; what
decides is asked in this order: is there a bearer (401), may the method (405), is the row theirs (404), does the role
allow it (403). An endpoint that names no row asks the role at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.architecture import relations
from tests.architecture.canaries import CIRCLES
from tests.architecture.cast import EMPTY, ENDED, PARTNERS, RESELLERS_OF, SALES, SELLERS, Person
from tests.architecture.entry import ASSIGN, EDIT, VIEW, Entry
from tests.architecture.relations import Target
from tests.architecture.world import World

#: Pages that are about the API; routes.py takes them in.
PAGES = {"api-docs": Entry(None, get=200), "openapi": Entry(None, get=200)}
#: The way to a token has no role and no row: tests/portal/test_oauth.py.
NOT_BY_ROLE = {
    "v1:api-root": "no address: a trailing slash is read over",
    "token": "OAuth",
    "token-v1": "OAuth",
}

#: Who has a relationship with whom without selling to it: resellers that support it, and what trade.py adds.
ALSO = {"relecloud": {"contoso"}, "tailspin": {"contoso"}, "former": {"contoso"}}
PARTNER_ROLES = frozenset({*CIRCLES["agents"], "billing_admin", "user_admin"})

Body = Callable[[World, Person, Target], Any]


def customers_of(name: str) -> set[str]:
    """The customers a partner has a relationship with, as a seller or as a reseller."""
    own = {customer for customer, _reseller in SALES.get(name, ())} | ALSO.get(name, set())
    for sales in SALES.values():
        pairs = (*sales, (ENDED, sales[0][1]))
        own |= {customer for customer, reseller in pairs if reseller == name}
    return (own | {EMPTY}) - {ENDED} if name in SELLERS else own


def is_own_customer(world: World, person: Person, target: Target) -> bool:
    """Whether the customer an address names is theirs, whatever else it names."""
    own = {world.customers[name].pk for name in customers_of(person.organisation)}
    return bool(target.args) and target.args[0] in own


def customers(world: World, person: Person) -> list[Target]:
    """A customer: theirs, another's, one that was, none, and no id at all."""
    ids = {world.customers[name].pk: name for name in world.customers}
    own = customers_of(person.organisation)
    found = [
        Target(target.relation, target.args, ids.get(target.args[0]) in own)
        for target in relations.customers(world, person)
    ]
    return [*found, Target("malformed", ("no-guid",), False)]


def sales(world: World, person: Person) -> list[Target]:
    """A subscription: sold by them, by another, to a customer that was, crossed, none, and no ids at all."""
    is_seller = person.organisation in SELLERS
    found = [
        Target(target.relation, target.args, is_seller and target.is_visible, subject=target.subject)
        for target in relations.sales(world, person)
    ]
    own = found[0].args
    return [
        *found,
        Target("malformed", (own[0], "no-guid"), False),
        Target("malformed customer", ("no-guid", own[1]), False),
    ]


def partner_ids(world: World, person: Person) -> list[Target]:
    """A PartnerID in the query: one's own, a related one's, a stranger's, nobody's."""
    related = {
        *RESELLERS_OF.get(person.organisation, ()),
        *(seller for seller, resellers in RESELLERS_OF.items() if person.organisation in resellers),
    }
    names = {"own": person.organisation, "stranger": "stranger", "related": next(iter(sorted(related)), "")}
    found = [
        Target(relation, (), name == person.organisation or name in related, subject=PARTNERS[name][0])
        for relation, name in names.items()
        if name
    ]
    return [*found, Target("nonexistent", (), False, subject="9999999"), Target("none given", ())]


def _choice(world: World, person: Person, target: Target) -> dict[str, Any]:
    """Back to the provider, a change for every sale of the world; sent to another's it would be one as well."""
    row = target.subject
    seller = row.provider_id if row else world.organisations[person.organisation].pk
    return {"supportTenantId": str(seller)}


def _batch(world: World, person: Person, target: Target) -> dict[str, Any]:
    ids = {"customerId": str(target.args[0]), "subscriptionId": str(target.args[1])}
    return {"items": [{**ids, **_choice(world, person, target)}]}


def _profile(world: World, person: Person, target: Target) -> dict[str, Any]:
    return {"email": f"new@{person.organisation}.example"}


@dataclass(frozen=True)
class Endpoint:
    """One operation: `path` in the words of `targets`, the roles that may, a body where one is sent."""

    method: str
    path: str
    roles: frozenset[str] = PARTNER_ROLES
    targets: Callable[[World, Person], list[Target]] = relations.nothing
    body: Body | None = None
    #: The rows are named in the body: each has an answer of its own, in an answer that is 200.
    rows_in_body: bool = False
    query: str = ""
    #: The customer is the row: whose role does not read it is not told what is in it.
    asks_at_customer: bool = False
    #: Who may read what is another organisation's, where that is fewer.
    roles_of_others: frozenset[str] | None = None

    def url(self, target: Target) -> str:
        address = f"/v1/{self.path}" if self.rows_in_body else f"/v1/{self.path}".format(*target.args)
        return address + (self.query.format(target.subject) if self.query and target.subject else "")

    def status(self, world: World, person: Person, target: Target) -> int:
        """What a credential of this organisation with this role gets."""
        if self.asks_at_customer and is_own_customer(world, person, target) and person.role not in self.roles:
            return 403
        if not self.rows_in_body and not target.is_visible:
            return 404
        is_others = self.roles_of_others is not None and target.relation == "related"
        return 200 if person.role in (self.roles_of_others if is_others else self.roles) else 403


_CUSTOMER, _SALE = "customers/{}", "customers/{}/subscriptions/{}"
_CONTACT = f"{_SALE}/supportcontact"
ENDPOINTS = {
    "list_customers": Endpoint("GET", "customers", VIEW),
    "get_customer": Endpoint("GET", _CUSTOMER, VIEW, customers),
    "get_company_profile": Endpoint("GET", f"{_CUSTOMER}/profiles/company", VIEW, customers),
    "list_customer_relationships": Endpoint("GET", f"{_CUSTOMER}/relationships", VIEW, customers),
    "list_subscriptions": Endpoint("GET", f"{_CUSTOMER}/subscriptions", VIEW, customers),
    "get_subscription": Endpoint("GET", _SALE, VIEW, sales, asks_at_customer=True),
    "list_addons": Endpoint("GET", f"{_SALE}/addons", VIEW, sales, asks_at_customer=True),
    "get_support_contact": Endpoint("GET", _CONTACT, VIEW, sales),
    "update_support_contact": Endpoint("PUT", _CONTACT, ASSIGN, sales, _choice),
    "list_candidates": Endpoint("GET", f"{_CONTACT}/candidates", VIEW, sales),
    "list_contact_history": Endpoint("GET", f"{_CONTACT}/history", VIEW, sales),
    "list_support_contacts": Endpoint("GET", "supportcontacts", VIEW),
    "update_support_contacts": Endpoint(
        "POST", "supportcontacts/batch", ASSIGN, sales, _batch, rows_in_body=True
    ),
    "list_relationships": Endpoint("GET", "relationships", VIEW),
    "get_support_profile": Endpoint("GET", "profiles/support"),
    "get_support_profile_too": Endpoint("GET", "profiles/supportprofile"),
    "put_support_profile": Endpoint("PUT", "profiles/support", EDIT, body=_profile),
    "put_support_profile_too": Endpoint("PUT", "profiles/supportprofile", EDIT, body=_profile),
    "get_mpn_profile": Endpoint(
        "GET", "profiles/mpn", targets=partner_ids, query="?mpnId={}", roles_of_others=VIEW
    ),
}
