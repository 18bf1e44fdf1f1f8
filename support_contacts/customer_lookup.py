"""Finding a customer one has nothing to do with yet: only by exact domain or Microsoft ID, and not at will (R4)."""

from dataclasses import dataclass

from customers.models import Customer
from portal.actor import Actor
from portal.identifiers import canonical_guid
from support_contacts.lookup import count


@dataclass(frozen=True, slots=True)
class Found:
    """The customer, of which name and country may be shown; or when to ask again. `is_ambiguous`: a shared domain."""

    customer: Customer | None = None
    retry_after: int = 0
    is_ambiguous: bool = False


def find_customer(actor: Actor, text: str) -> Found:
    """The customer with exactly this Microsoft ID or domain. A domain that several share names none of them."""
    wanted = text.strip().casefold()
    tenant = canonical_guid(wanted)
    if tenant is None and not (wanted.isascii() and "." in wanted):
        return Found()
    verdict = count(actor)
    if not verdict.allowed:
        return Found(retry_after=verdict.retry_after_seconds)
    rows = Customer.objects.select_related("organisation").exclude(pk=actor.organisation.pk)
    rows = rows.filter(pk=tenant) if tenant else rows.filter(organisation__domain=wanted)
    found = list(rows[:2])
    return Found(found[0]) if len(found) == 1 else Found(is_ambiguous=len(found) > 1)
