"""What follows from an end: every designation, needs attention and its repair; and a reseller's duties."""

from playwright.sync_api import expect

from tests.browser.state import (
    AGENT,
    GLOBAL,
    SALES,
    TREY,
    TREY_HELPDESK,
    VANARSDEL,
    alert,
    at,
    said,
    state,
    unchecked,
)
from tests.browser.visitor import Visitor
from tests.browser.world import NEW_PROVIDER
from tests.browser.world_relationships import (
    MANY,
    declined,
    handed_back,
    reported,
)

ALPINE = "global-admin@alpineskihouse.example"
ATTENTION = "/support-contacts/?attention=1"
EXCHANGE = "Exchange Online (Plan 2)"
TEAMS = "Microsoft Teams Phone Standard"

# -- every designation, and what needs attention
at("support contacts", AGENT, "/support-contacts/")
at("support contacts, none", NEW_PROVIDER, "/support-contacts/")
at("support contacts, end soon", AGENT, "/support-contacts/", query="?ending=1")
at("support contacts, nothing found", AGENT, "/support-contacts/", query="?q=zzzz")
at("support contacts, of a partner", AGENT, "/support-contacts/", query="?q=trey")
at("support contacts, address not right", AGENT, "/support-contacts/", query="?attention=2", expected=422)
at("needs attention", AGENT, ATTENTION)
at("needs attention, none", NEW_PROVIDER, ATTENTION)
at("needs attention, seen by sales", SALES, ATTENTION)
at("needs attention, more than a page", MANY, ATTENTION)
at("needs attention, all selected", MANY, ATTENTION, query="&select=all")
at("policy", GLOBAL, "/support-contacts/policy/")


@state("needs attention, second page", MANY)
def _(visitor: Visitor) -> None:
    visitor.go(ATTENTION)
    visitor.link("Next", exact=True).click()
    expect(visitor.page.locator(".pager a[rel=prev]")).to_be_visible()


@state("needs attention, rows selected", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(ATTENTION)
    for box in visitor.page.locator("input[name=designation]").all()[:2]:
        box.check()


@state("needs attention, nothing selected", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(ATTENTION)
    visitor.page.locator("#selection").evaluate(
        "form => { const act = form.ownerDocument.createElement('input'); act.type = 'hidden';"
        " act.name = 'act'; act.value = 'replace'; form.append(act); form.submit(); }"
    )
    alert(visitor)


@state("needs attention, declined, handed back and reported", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(handed_back, "Alpine Ski House", ALPINE, TEAMS, 12)
    visitor.world.happens(declined, "Trey Research", TREY, "Windows Server 2022 Datacenter")
    visitor.world.happens(reported, "Alpine Ski House")
    visitor.go(ATTENTION)
    said(visitor, "Declined")


@state("policy, refused", GLOBAL)
def _(visitor: Visitor) -> None:
    visitor.go("/support-contacts/policy/")
    unchecked(visitor)
    visitor.page.get_by_label("It ends by itself").check()
    visitor.page.get_by_label("After this many days").fill("")
    visitor.button("Save", exact=True).click()
    alert(visitor)


@state("policy, saved", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/support-contacts/policy/")
    visitor.page.get_by_label("It ends by itself").check()
    visitor.page.get_by_label("After this many days").fill("14")
    visitor.button("Save", exact=True).click()
    said(visitor, "A designation that has not held for 14 days ends by itself.")


# -- repair
def select(visitor: Visitor, button: str) -> None:
    """All of the page's rows, then one of the two ways."""
    for box in visitor.page.locator("input[name=designation]").all():
        box.check()
    visitor.button(button, exact=True).click()


def chosen(visitor: Visitor, partner: str) -> None:
    visitor.go(ATTENTION)
    select(visitor, "Replace with…")
    visitor.page.get_by_role("radio", name=partner).first.check()
    visitor.button("See the plan").click()
    expect(visitor.page.locator(".stats")).to_be_visible()


@state("repair, choose", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(ATTENTION)
    select(visitor, "Replace with…")
    expect(visitor.heading("Choose who supports them")).to_be_visible()


@state("repair, plan", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    chosen(visitor, "Trey Research")


@state("repair, plan that changes nothing", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(ATTENTION)
    select(visitor, "Replace with…")
    visitor.page.locator("details.folded summary").click()
    visitor.page.get_by_role("radio", name="Fincher Systems").check()
    visitor.button("See the plan").click()
    said(visitor, "Nothing would change.")


@state("repair, plan back to the provider, many", MANY, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(ATTENTION + "&select=all")
    visitor.button("Back to provider", exact=True).click()
    visitor.page.locator("details.folded summary").click()


@state("repair, stale plan", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    chosen(visitor, "Trey Research")
    visitor.page.locator("input[name=rows]").evaluate("input => input.value = ''")
    visitor.page.locator("form.card button.button-primary").click()
    alert(visitor)


@state("repair, done", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    chosen(visitor, "Trey Research")
    visitor.page.locator("form.card button.button-primary").click()
    said(visitor, "Finished.")


# -- duties
at("duties, to acknowledge", TREY, "/duties/", query="?show=waiting")
at("duties, end soon", VANARSDEL, "/duties/", query="?show=ending")
at("duties, nothing found", TREY, "/duties/", query="?q=zzzz")
at("duty", TREY, "duty Trey Research, contoso.example: Windows Server 2022 Datacenter")
at("duty, seen by helpdesk", TREY_HELPDESK, "duty Trey Research, smehsa.example")
at("duty, not in force", TREY, "duty Trey Research, northwind.example: Microsoft 365 E5")


def duty(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["duty Trey Research, contoso.example: Windows Server 2022 Datacenter"])


@state("duty, decline refused", TREY)
def _(visitor: Visitor) -> None:
    duty(visitor)
    unchecked(visitor)
    visitor.button("Decline", exact=True).click()
    alert(visitor)


@state("duty, hand back refused", TREY)
def _(visitor: Visitor) -> None:
    duty(visitor)
    unchecked(visitor)
    visitor.page.get_by_label("Hand back by").fill("2020-01-01")
    visitor.button("Hand back", exact=True).click()
    alert(visitor)


@state("duty, declined just now", TREY, writes=True)
def _(visitor: Visitor) -> None:
    duty(visitor)
    visitor.page.locator("#id_decline-reason").fill("Nobody here knows it.")
    visitor.button("Decline", exact=True).click()
    said(visitor, "Declined.")


@state("duty, handed back on a day", TREY, writes=True)
def _(visitor: Visitor) -> None:
    offer = "Windows Server 2022 Datacenter"
    visitor.world.happens(handed_back, "Trey Research", TREY, offer, 12)
    duty(visitor)
    said(visitor, "Keep it after all")


@state("duty, refused since it was declined", TREY, writes=True)
def _(visitor: Visitor) -> None:
    duty(visitor)
    visitor.world.happens(declined, "Trey Research", TREY, "Windows Server 2022 Datacenter")
    visitor.page.locator("#id_back-day").evaluate("input => input.value = input.max")
    visitor.page.locator("#id_back-reason").fill("What was typed.")
    visitor.button("Hand back", exact=True).click()
    alert(visitor)
