"""The way in, first pages, customers, subscriptions, and the customer's page."""

from playwright.sync_api import expect

from tests.browser.state import (
    AGENT,
    BILLING,
    CONTOSO,
    E3,
    GLOBAL,
    LITWARE,
    NOD,
    NORTHWIND,
    PHONE_COMPANY,
    POWER_BI,
    SALES,
    SMEHSA,
    TREY,
    USERS,
    VANARSDEL,
    alert,
    at,
    e3,
    state,
    submit,
    switch,
)
from tests.browser.visitor import Visitor
from tests.browser.world import NEW_CUSTOMER, NEW_PROVIDER, NIGHT, NOBODY, TWO
from tests.browser.world_relationships import grant_ended

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
    visitor.world.happens(grant_ended, "Trey Research")
    submit(visitor, "Trey Research")
    alert(visitor)


@state("subscription, somebody made the same choice", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.world.choose(E3, "Trey Research")
    visitor.page.get_by_label("Microsoft 365 Audio Conferencing").uncheck()
    submit(visitor, "Trey Research")
    expect(visitor.page.get_by_role("status").filter(has_text="Already so.")).to_be_visible()


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
