"""DESIGN §6, who sees which row, said once more in circles of readers: what the canaries are held against.

Nothing of the product is asked here. A partner's agents are `name:agents`, a customer's readers `name:readers`.
"""

from tests.architecture.cast import (
    BUYERS,
    CUSTOMERS,
    EMPTY,
    ENDED,
    PARTNERS,
    RESELLERS_OF,
    SALES,
    SELLERS,
    sold_to,
)

#: (provider, reseller) that can be chosen at some customer of the world.
ELIGIBLE = {
    ("fabrikam", "trey"),
    ("fabrikam", "tailspin"),
    ("proseware", "firstup"),
    ("litware", "fourth"),
    ("tailspin", "fourth"),
}
SHARED_ID = {"fabrikam:agents", "proseware:agents", "contoso:readers"}
_FORMER = ("fabrikam", "former")


def _pairs() -> set[tuple[str, str]]:
    """(provider, reseller), now or in the past."""
    return {(seller, name) for seller, names in RESELLERS_OF.items() for name in names} | {_FORMER}


def _supports(reseller: str) -> set[tuple[str, str]]:
    """(seller, customer) of what a reseller supports now. Selling ended at one of them; supporting did not."""
    found = {
        (seller, customer) for seller, sales in SALES.items() for customer, name in sales if name == reseller
    }
    return found | {(seller, ENDED) for seller, sales in SALES.items() if sales[0][1] == reseller}


def of_the_log(name: str) -> set[str]:
    """Who reads the activity log: what colleagues did, and what was done to them, under their names."""
    ambi = {"ambi@fabrikam"} if name == "fabrikam" else set()
    return {f"{name}/global_admin", f"{name}/admin_agent"} | ambi


def of_partner(name: str) -> set[str]:
    """Name: itself; partners related to it; customers it sells to, supports, may act for, or was shown to."""
    may = {name}
    may |= {f"{seller}:agents" for seller, reseller in _pairs() if reseller == name}
    may |= {reseller for seller, reseller in _pairs() if seller == name}
    may |= {f"{customer}:readers" for customer in CUSTOMERS if name in sold_to(customer)}
    may |= {f"{customer}:readers" for _seller, customer in _supports(name)}
    if name in ("tailspin", "former", "relecloud"):
        may.add("contoso:readers")  # may act there; was the contact; is chosen and does not hold
    # The reseller's duties say who sold what it supports.
    may |= {
        f"{reseller}:agents"
        for reseller in PARTNERS
        for seller, _customer in _supports(reseller)
        if seller == name
    }
    if name in ("fabrikam", "proseware"):
        may |= {"ambi@fabrikam", "ambi@proseware"}  # the switch of organisations
    if name in BUYERS:
        may |= {f"{name}:readers"}
    return may


def finders_of_name(name: str) -> set[str]:
    """Everybody of it reads it at the head of every page; agents among their resellers; customers on a card."""
    must = {name}
    must |= {f"{seller}:assigners" for seller, reseller in _pairs() if reseller == name}
    must |= {f"{customer}:readers" for customer in CUSTOMERS if name in sold_to(customer)}
    must |= {f"{customer}:readers" for _seller, customer in _supports(name)}
    return must


def of_tenant(name: str) -> set[str]:
    """The tenant id: also providers that have it as customer, and resellers while they support it."""
    may = {f"{seller}:agents" for seller in SELLERS if name in [customer for customer, _ in SALES[seller]]}
    may |= {
        f"{reseller}:agents"
        for reseller in PARTNERS
        for _seller, customer in _supports(reseller)
        if customer == name
    }
    if name == "contoso":
        may |= {"former:agents", "relecloud:agents", "tailspin:agents"}  # relationships of their own with it
    if name == EMPTY:
        may |= {f"{seller}:agents" for seller in SELLERS}
    if name == ENDED:
        may |= {f"{seller}:editors" for seller in SELLERS}
    return may


def of_domain(name: str) -> set[str]:
    """A customer nobody is here from: its partners are told the domain its first admin's address has to be of."""
    return {f"{seller}:agents" for seller in SELLERS} if name == EMPTY else set()


def of_partner_id(name: str) -> set[str]:
    """A customer is told name and support profile, not the number; a provider also reads resellers of record."""
    may = {circle for circle in of_partner(name) if not circle.endswith(":readers")}
    may |= {f"{seller}:agents" for seller, _customer in _supports(name)}
    return may


def of_profile(name: str) -> set[str]:
    """The support profile: itself, partners related now, customers it sells to, supports or may act for now."""
    may = {name}
    may |= {f"{seller}:agents" for seller, reseller in _pairs() - {_FORMER} if reseller == name}
    may |= {f"{reseller}:agents" for seller, reseller in _pairs() - {_FORMER} if seller == name}
    may |= {f"{customer}:readers" for customer in CUSTOMERS if name in sold_to(customer)}
    may |= {f"{customer}:readers" for _seller, customer in _supports(name)}
    if name in ("tailspin", "former"):
        may.add("contoso:readers")
    return may


def finders_of_profile(name: str) -> set[str]:
    """Its own people in the preview; customers on the card of whoever they call."""
    must = {name}
    must |= {f"{customer}:readers" for _seller, customer in _supports(name)}
    if name == "fabrikam":
        must.add("contoso:readers")  # its other subscriptions there are its own to support
    return must


def of_view(partner: str, customer: str) -> set[str]:
    """A partner's company name and domain for a customer: its own; its resellers' that support it; the customer."""
    may = of_own_view(partner, customer) | {f"{customer}:readers"}
    may |= {f"{reseller}:agents" for reseller in PARTNERS if (partner, customer) in _supports(reseller)}
    if (partner, customer) == ("fabrikam", "contoso"):
        may |= {"former:agents", "relecloud:agents"}
    return may


def of_own_view(partner: str, customer: str) -> set[str]:
    """Alias and other domains: the partner alone, while the relationship lasts; afterwards in its activity log."""
    if partner in SELLERS and customer == ENDED:
        return {f"{partner}:editors"}
    return {f"{partner}:agents"}


def finders_of_view(partner: str, customer: str) -> set[str]:
    """Resellers read the company name among their duties."""
    return {f"{reseller}:agents" for reseller in PARTNERS if (partner, customer) in _supports(reseller)}


def of_subscription(seller: str, customer: str) -> set[str]:
    """Those it sold, while it has the customer; the customer all of its own."""
    return agents_of_sale(seller, customer) | {f"{customer}:readers"}


def agents_of_sale(seller: str, customer: str) -> set[str]:
    """What happened stays in the seller's activity log when the customer is no longer its own."""
    return {f"{seller}:editors"} if customer == ENDED else {f"{seller}:agents"}


def of_offer(seller: str, customer: str, what: str) -> set[str]:
    """The offer is also told to the reseller that supports it, and to the one that did."""
    may = of_subscription(seller, customer)
    if what == "sale":
        may |= {f"{reseller}:agents" for reseller in PARTNERS if (seller, customer) in _supports(reseller)}
    if what == "default":
        may |= {"former:agents"}
    if what == "fallback":
        may |= {"relecloud:agents"}
    return may


def of_request(provider: str, reseller: str) -> set[str]:
    """A request between two partners, its message, its proposed agreement, and the answer: both of them."""
    return {f"{provider}:agents", f"{reseller}:agents"}


def of_customers_answer(partner: str, customer: str) -> set[str]:
    """What a partner asks a customer, also for its reseller, and what the customer says to it: these two."""
    return {f"{partner}:agents", f"{customer}:readers"}


def of_first_admin(inviter: str) -> set[str]:
    """Whom a partner invites as a customer's first admin: its own agents."""
    return {f"{inviter}:agents"}


def of_duty_that_is_over(provider: str, customer: str, reseller: str) -> set[str]:
    """The subscription's name: still told to the reseller that supported it, with customer, from and until."""
    return {f"{provider}:agents", f"{customer}:readers", f"{reseller}:agents"}


def of_decline(provider: str) -> set[str]:
    """Why a reseller gives a duty back: written for the provider's agents."""
    return {f"{provider}:agents"}


def of_mails(name: str) -> set[str]:
    """What became of an organisation's mails: whoever looks after it or its people."""
    return {f"{name}:overseers"}
