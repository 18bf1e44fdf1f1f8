"""Every page of the portal in every state a person can meet it in, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass

from django.template.loader import render_to_string
from playwright.sync_api import Route, expect

from tests.browser.visitor import Visitor
from tests.browser.world import INVITED, NEW_CUSTOMER, NEW_PROVIDER, NIGHT, NOBODY, TWO

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


# -- the way in
at("sign-in", "", "/")
at("sign-in, its own address", "", "/sign-in/", query="?next=/support/")
at("forgotten password", "", "/password/forgotten/")
at("forgotten password, sent", "", "/password/forgotten/sent/")
at("new password, dead link", "", "/password/new/abc-def/", expected=404)
at("new password, done", "", "/password/new/done/")
at("new password", "", "new password")
at("join", "", "join")
at("join, dead link", "", "/join/not-a-token/", expected=404)
at("join, already a member elsewhere", LITWARE, "join as Litware’s agent")
at("join, signed in as somebody else", AGENT, "join")


@state("sign-in, refused")
def _(visitor: Visitor) -> None:
    visitor.go("/sign-in/")
    visitor.page.get_by_label("Email", exact=True).fill("nobody@contoso.example")
    visitor.page.get_by_label("Password", exact=True).fill("not this one, surely")
    visitor.button("Sign in", exact=True).click()
    alert(visitor)


@state("new password, refused", writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["new password"])
    visitor.page.get_by_label("New password", exact=True).fill("short")
    visitor.page.get_by_label("New password, again", exact=True).fill("another")
    visitor.button("Save the password").click()
    alert(visitor)


@state("join, refused")
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["join"])
    visitor.page.get_by_label("Password", exact=True).fill("short")
    visitor.page.get_by_label("Password, again", exact=True).fill("another")
    visitor.button("Set the password and join").click()
    alert(visitor)


# -- first pages
at("home, global admin", GLOBAL, "/")
at("home, billing admin", BILLING, "/")
at("home, user admin", USERS, "/")
at("home, reseller", TREY, "/")
at("home, both kinds of partner", PHONE_COMPANY, "/")
at("home, reseller that is a customer", VANARSDEL, "/")
at("home, nobody’s organisation", NOBODY, "/")


@state("home, organisation menu", TWO)
def _(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.open_menu("Switch organisation")


@state("home, menus of help, language and account", GLOBAL)
def _(visitor: Visitor) -> None:
    visitor.go("/")
    for word in ("Help", "Language", "Account"):
        visitor.open_menu(word)


# -- customers
at("customers", AGENT, "/customers/")
at("customers, searched", AGENT, "/customers/", query="?q=contoso")
at("customers, filtered", AGENT, "/customers/", query="?country=FR&record=5127741&designated=1&sort=newest")
at("customers, need attention", AGENT, "/customers/", query="?attention=1")
at("customers, nothing found", AGENT, "/customers/", query="?q=zzzz&country=FR")
at("customers, a subscription’s id", AGENT, "/customers/", query="?q=9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a")
at("customers, address not right", AGENT, "/customers/", query="?country=FRANCE", expected=422)
at("customers, none yet", NEW_PROVIDER, "/customers/")


@state("customers, second page", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/customers/")
    visitor.link("Next", exact=True).click()
    expect(visitor.page.locator(".pager a[rel=prev]")).to_be_visible()


@state("customers, menu of countries", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/customers/")
    more = visitor.button("Filters")
    if more.is_visible():
        more.click()
    visitor.page.locator(".chip-menu summary").first.click()


at("customer", AGENT, "Contoso")
at("customer, needs attention", AGENT, "Northwind")
at("customer, long name, many", AGENT, "SMEHSA", query="?show=designated")
at("customer, a word without spaces", AGENT, "Donau")
at("customer, right to left", AGENT, "Al Nakheel")
at("customer, name not known", AGENT, "unnamed")
at("customer, seen by sales", SALES, "Contoso", query="?show=new-commerce")


@state("customer, everything unfolded", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["Contoso"])
    for fold in visitor.page.locator("details.folded summary").all():
        fold.click()


# -- a subscription
at("subscription, choose", AGENT, f"Contoso: {E3}")
at("subscription, may not assign", SALES, f"Contoso: {E3}")
at("subscription, needs attention", AGENT, f"Contoso: {POWER_BI}")
at("subscription, needs attention, Northwind", AGENT, "Northwind: Microsoft 365 E5")
at("subscription, new commerce", AGENT, "Contoso: Dynamics 365 Sales Enterprise")
at("subscription, ended", AGENT, "Contoso: Office 365 E1")
at("subscription, suspended", AGENT, "Contoso: Visio Plan 2")
at("subscription, bought elsewhere", AGENT, "Contoso: Windows Server 2022 Datacenter")
at("subscription, add-on", AGENT, "Contoso: Microsoft Teams Phone Standard")
at("subscription, without a Microsoft ID", AGENT, "Northwind: SQL Server 2019 Standard Core")
at("subscription, nothing changed", AGENT, f"Contoso: {E3}", query="?already=default")
at("subscription, contact on a day", AGENT, f"Contoso: {E3}", query="?on=2026-01-01")
at("subscription, contact on no day", AGENT, f"Contoso: {E3}", query="?on=1999-01-01")
at("subscription, found a stranger", AGENT, f"Contoso: {E3}", query="?find=5839450")
at("subscription, found nobody", AGENT, f"Contoso: {E3}", query="?find=zzzz")


@state("subscription, refused form", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.page.locator("form.split-main").evaluate("form => form.noValidate = true")
    visitor.page.locator("input[name=partner]").evaluate_all(
        "all => all.forEach(each => each.checked = false)"
    )
    visitor.button("Submit", exact=True).click()
    alert(visitor)


@state("subscription, conflict", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.world.choose(E3, "Alpine Ski House", note="They asked for German.")
    submit(visitor, "Trey Research")
    alert(visitor)


@state("subscription, not eligible any more", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.world.end_delegated_admin("Trey Research")
    submit(visitor, "Trey Research")
    alert(visitor)


@state("subscription, somebody made the same choice", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.world.choose(E3, "Trey Research")
    visitor.page.get_by_label("Microsoft 365 Audio Conferencing").uncheck()
    submit(visitor, "Trey Research")
    expect(visitor.page.get_by_role("status").filter(has_text="Already so.")).to_be_visible()


def submit(visitor: Visitor, partner: str, note: str = "Agreed on the phone.") -> None:
    visitor.page.get_by_role("radio", name=partner).check()
    visitor.page.get_by_label("Note").fill(note)
    visitor.button("Submit", exact=True).click()


@state("verify", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    submit(visitor, "Trey Research", note="")
    expect(visitor.page.locator(".change")).to_be_visible()


@state("verify, no telephone, long name", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    submit(visitor, "Coho Vineyard", note="Agreed.\n\nIn two paragraphs.")
    expect(visitor.page.locator(".change")).to_be_visible()


@state("verify, changed again", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    submit(visitor, "Trey Research")
    expect(visitor.page.locator(".change")).to_be_visible()
    visitor.world.choose(E3, "Alpine Ski House")
    visitor.page.reload()
    expect(visitor.page.get_by_text("Changed again since.")).to_be_visible()


@state("subscription, opened for another organisation", TWO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    switch(visitor, "Proseware Distribution")
    submit(visitor, "Trey Research")
    expect(visitor.button("Act for Fabrikam Distribution again")).to_be_visible()


def switch(visitor: Visitor, name: str) -> None:
    """In another tab, as people do."""
    other = visitor.context.new_page()
    other.goto(visitor.url + "/organisation/")
    other.locator("summary", has_text="Switch organisation").click()
    other.get_by_role("button", name=name).click()
    expect(other.locator("summary.organisation-name")).to_contain_text(name)
    other.close()


# -- the customer's page
at("whom to call", CONTOSO, "/support/")
at(
    "whom to call, one chosen",
    CONTOSO,
    "/support/",
    query="?subscription=9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a",
)
at(
    "whom to call, an ended one asked for",
    CONTOSO,
    "/support/",
    query="?subscription=28c5f0a9-d6b7-4134-9e82-f0b16d4c73e5",
)
at("whom to call, needs attention", NORTHWIND, "/support/")
at("whom to call, nothing", NEW_CUSTOMER, "/support/")
at("whom to call, all closed", NIGHT, "/support/")
at("whom to call, many", SMEHSA, "/support/")
at("whom to call, many, nothing found", SMEHSA, "/support/", query="?q=zzzz")
at("whom to call, a reseller’s own", VANARSDEL, "/support/")


@state("whom to call, everything unfolded", CONTOSO)
def _(visitor: Visitor) -> None:
    visitor.go("/support/")
    for fold in visitor.page.locator("main details > summary").all():
        fold.click()


at("preview", AGENT, "Contoso", query="as-customer/")
at("preview, nothing live", AGENT, "New Customer", query="as-customer/")
at("customer, no subscription", AGENT, "New Customer")

# -- a reseller's duties
at("duties", TREY, "/duties/")
at("duties, earlier", TREY, "/duties/", query="?show=earlier")
at("duties, none", NOD, "/duties/")

# -- the organisation
at("organisation, may not edit", SALES, "/organisation/")
at("organisation, edit", AGENT, "/organisation/")
at("organisation, edit, nothing given", NOD, "/organisation/")
at("organisation, saved", AGENT, "/organisation/", query="?saved=1")
at("organisation, customer", CONTOSO, "/organisation/")
at("members", GLOBAL, "/organisation/members/")
at("members, a customer’s", CONTOSO, "/organisation/members/")
at("member", GLOBAL, f"member {SALES}")
at("member, out of reach", USERS, f"member {GLOBAL}")
at("member, remove", GLOBAL, f"member {SALES}", query="remove/")
at("preferences", CONTOSO, "/organisation/preferences/")
at("preferences, saved", CONTOSO, "/organisation/preferences/", query="?saved=1")
at("change password", AGENT, "/password/")


@state("organisation, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/")
    visitor.page.locator("form.card").evaluate("form => form.noValidate = true")
    visitor.page.get_by_label("Email").first.fill("not an address")
    visitor.page.get_by_label("Monday", exact=True).fill("nine to five")
    visitor.page.get_by_label("Closed dates").fill("Christmas")
    visitor.button("Save", exact=True).click()
    alert(visitor)


@state("members, refused", GLOBAL)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_label("Email", exact=True).fill(AGENT)
    visitor.page.get_by_label("Helpdesk agent", exact=True).check()
    visitor.button("Make the invitation").click()
    alert(visitor)


@state("members, invited", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_label("Email", exact=True).fill("newcomer@people.example")
    visitor.page.get_by_label("Helpdesk agent", exact=True).check()
    visitor.button("Make the invitation").click()
    expect(visitor.heading("The link is ready")).to_be_visible()


@state("members, withdrawn", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_role("row", name=INVITED).get_by_role("button").click()
    expect(visitor.page.get_by_text("The invitation is withdrawn.")).to_be_visible()


@state("member, the last global admin", CONTOSO)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_role("row", name="admin@contoso.example").first.get_by_role(
        "link", name="Change"
    ).click()
    visitor.page.get_by_label("Global admin", exact=True).uncheck()
    visitor.button("Save the roles").click()
    alert(visitor)


@state("change password, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/password/")
    visitor.page.get_by_label("Current password", exact=True).fill("not this one")
    visitor.page.get_by_label("New password", exact=True).fill("short")
    visitor.page.get_by_label("New password, again", exact=True).fill("another")
    visitor.button("Save the password").click()
    alert(visitor)


# -- what goes wrong
at("403", BILLING, "/customers/", expected=403)
at("404", AGENT, NO_TENANT, expected=404)
at("404, signed out", "", "/nothing/here/", expected=404)
at("404, not for customers", CONTOSO, "/customers/", expected=404)


@state("404, another organisation of mine sees it", TWO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/")
    switch(visitor, "Proseware Distribution")
    visitor.go(e3(visitor))
    expect(visitor.button("Open it as Fabrikam Distribution")).to_be_visible()


@state("409", TWO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/")
    switch(visitor, "Proseware Distribution")
    visitor.button("Save", exact=True).click()
    expect(visitor.heading("Not saved")).to_be_visible()


@state("form expired", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.context.clear_cookies(name="csrf")
    submit(visitor, "Trey Research", note="What I had typed.")
    expect(visitor.heading("Not saved")).to_be_visible()


def broken(template: str, status: int) -> Reach:
    """A page that is only seen when something is broken, as the server would send it."""

    def reach(visitor: Visitor) -> None:
        body = render_to_string(
            template, {"request_id": "01980000-0000-7000-8000-000000000000", "emergency": True}
        )

        def answer(route: Route) -> None:
            route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8")

        visitor.context.route("**/broken/", answer)
        visitor.page.goto(visitor.url + "/broken/")

    return reach


STATES.append(State("500", "", broken("500.html", 200)))
STATES.append(State("503", "", broken("503.html", 200)))
