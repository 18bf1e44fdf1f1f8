"""What a state of a page is, how one is named, and who is who."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor

Reach = Callable[[Visitor], None]

GLOBAL, AGENT = "global-admin@fabrikam.example", "admin-agent@fabrikam.example"
SALES, BILLING, USERS = (
    f"{role}@fabrikam.example" for role in ("sales-agent", "billing-admin", "user-admin")
)
TREY, NOD, PHONE_COMPANY = (
    "admin-agent@treyresearch.example",
    "global-admin@nod.example",
    "admin-agent@phone-company.example",
)
CONTOSO, NORTHWIND, SMEHSA = "admin@contoso.example", "admin@northwind.example", "global-admin@smehsa.example"
RELECLOUD, TREY_HELPDESK = "admin-agent@relecloud.example", "helpdesk-agent@treyresearch.example"
SUPPORT_ADMIN, HELPDESK = "support-admin@contoso.example", "helpdesk-agent@fabrikam.example"
LITWARE, VANARSDEL = "admin-agent@litware.example", "global-admin@vanarsdel.example"
E3, POWER_BI = "Microsoft 365 E3", "Power BI Pro"
NO_TENANT = "/customers/00000000-0000-4000-8000-000000000000/"


@dataclass(frozen=True)
class State:
    """A page in one of its states. `writes` says the world must be renewed afterwards."""

    name: str
    person: str
    reach: Reach
    writes: bool = False


STATES: list[State] = []


def at(name: str, person: str, path: str, *, expected: int = 200, query: str = "") -> None:
    """A state that is an address: of the world's addresses by name, or as it is."""

    def reach(visitor: Visitor) -> None:
        response = visitor.go(visitor.world.urls.get(path, path) + query)
        assert response.status == expected, f"{response.status} {response.url}"

    STATES.append(State(name, person, reach))


def state(name: str, person: str = "", *, writes: bool = False) -> Callable[[Reach], Reach]:
    def add(reach: Reach) -> Reach:
        STATES.append(State(name, person, reach, writes))
        return reach

    return add


def e3(visitor: Visitor) -> str:
    return visitor.world.urls[f"Contoso: {E3}"]


def alert(visitor: Visitor) -> None:
    """A refused page is there, with its alert."""
    expect(visitor.page.get_by_role("alert").first).to_be_visible()


def submit(visitor: Visitor, partner: str, note: str = "Agreed on the phone.") -> None:
    visitor.page.get_by_role("radio", name=partner).check()
    visitor.page.get_by_label("Note").fill(note)
    visitor.button("Submit", exact=True).click()


def switch(visitor: Visitor, name: str) -> None:
    """In another tab, as people do."""
    other = visitor.context.new_page()
    other.goto(visitor.url + "/organisation/")
    other.locator("summary", has_text="Switch organisation").click()
    other.get_by_role("button", name=name).click()
    expect(other.locator("summary.organisation-name")).to_contain_text(name)
    other.close()


def unchecked(visitor: Visitor, form: str = "main form") -> None:
    """What the browser would refuse by itself is for the server to refuse."""
    visitor.page.locator(form).evaluate_all("all => all.forEach(form => form.noValidate = true)")


def said(visitor: Visitor, text: str) -> None:
    expect(visitor.page.locator("main").get_by_text(text).filter(visible=True).first).to_be_visible()


def command(visitor: Visitor, name: str) -> Locator:
    """A command of the page: on phones behind the button with three dots."""
    link = visitor.page.locator(".commands").get_by_role("link", name=name, exact=True)
    more = visitor.page.locator(".commands-button")
    if more.is_visible():
        more.click()
    return link
