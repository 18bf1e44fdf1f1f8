"""What the walk is about, found in the running portal by asking it."""

from dataclasses import dataclass
from typing import Any

from tests.clients.person import Credential, Person
from tests.clients.wire import Client, Report


class Plain(Client):
    """Only to look around."""

    name = "looking around"


@dataclass(frozen=True)
class Scene:
    customer: dict[str, Any]
    subscription: dict[
        str, Any
    ]  # legacy, with add-ons, an order, a reseller of record, and the default contact
    addons: frozenset[str]
    new_commerce: str
    provider: dict[str, Any]
    eligible: list[dict[str, Any]]
    ineligible: list[dict[str, Any]]
    foreign: str  # a customer of somebody else
    reseller: Credential

    @property
    def path(self) -> str:
        return f"/v1/customers/{self.customer['id']}/subscriptions/{self.subscription['id']}"


def look_around(
    root: str, ours: Credential, theirs: Credential, reseller: Credential, report: Report
) -> Scene:
    looking = Plain(root, ours, report)
    customers = looking.get("/v1/customers")["items"]
    known = {customer["id"] for customer in customers}
    others = Plain(root, theirs, report).get("/v1/customers")["items"]
    foreign = next(customer["id"] for customer in others if customer["id"] not in known)
    customer = next(each for each in customers if each["companyProfile"]["companyName"] == "Contoso")
    base = f"/v1/customers/{customer['id']}/subscriptions"
    subscriptions = looking.get(base)["items"]
    parents = {each["parentSubscriptionId"] for each in subscriptions if "parentSubscriptionId" in each}
    subscription = next(each for each in subscriptions if each["id"] in parents and each.get("partnerId"))
    # As on the first day, whatever an earlier run that was killed has left.
    candidates = looking.get(f"{base}/{subscription['id']}/supportcontact/candidates")["items"]
    provider = next(each for each in candidates if each.get("isDefault"))
    looking.put(
        f"{base}/{subscription['id']}/supportcontact", {"supportTenantId": provider["supportTenantId"]}
    )
    return Scene(
        customer=customer,
        subscription=subscription,
        addons=frozenset(
            each["id"] for each in subscriptions if each.get("parentSubscriptionId") == subscription["id"]
        ),
        new_commerce=next(each["id"] for each in subscriptions if "productType" in each),
        provider=provider,
        eligible=[each for each in candidates if each["eligible"] and not each.get("isDefault")],
        ineligible=[each for each in candidates if not each["eligible"]],
        foreign=foreign,
        reseller=reseller,
    )


def people(root: str) -> tuple[Person, Person, Person]:
    """The demonstration's provider with a password as a person types it; two more organisations by one click."""
    return (
        Person(root).sign_in("admin-agent@fabrikam.example"),
        Person(root).sign_in_with_one_click("Litware", "Admin agent"),
        Person(root).sign_in_with_one_click("Trey Research", "Admin agent"),
    )
