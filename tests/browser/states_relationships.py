"""Relationships: resellers and providers of each other, partners of a customer, and what is asked of customers."""

from tests.browser.state import (
    AGENT,
    CONTOSO,
    GLOBAL,
    HELPDESK,
    NOD,
    PHONE_COMPANY,
    RELECLOUD,
    SALES,
    SMEHSA,
    SUPPORT_ADMIN,
    TREY,
    TREY_HELPDESK,
    VANARSDEL,
    alert,
    at,
    command,
    said,
    state,
    unchecked,
)
from tests.browser.visitor import Visitor
from tests.browser.world import NEW_CUSTOMER, NEW_PROVIDER
from tests.browser.world_relationships import LONG, MANY, NEW_RESELLER, asked_of_contoso, granted

COHO = "Coho Vineyard & Winery Managed Services Deutschland GmbH & Co. KG"

# -- resellers of a provider
at("resellers", AGENT, "/resellers/")
at("resellers, none", NEW_PROVIDER, "/resellers/")
at("resellers, seen by sales", SALES, "/resellers/")
at("resellers, requested", AGENT, "/resellers/", query="?show=requested")
at("resellers, lapsed", AGENT, "/resellers/", query="?show=lapsed")
at("resellers, agreement ends", AGENT, "/resellers/", query="?show=agreement")
at("resellers, need attention", AGENT, "/resellers/", query="?show=attention")
at("resellers, nothing found", AGENT, "/resellers/", query="?q=zzzz")
at("resellers, address not right", AGENT, "/resellers/", query="?show=zzzz", expected=422)
at("reseller", AGENT, "reseller Trey Research")
at("reseller, long name, agreement ended", AGENT, f"reseller {COHO}")
at("reseller, requested", AGENT, "reseller ReleCloud")
at("reseller, requested, seen by helpdesk", HELPDESK, "reseller ReleCloud")
at("reseller, lapsed", AGENT, "reseller Olympia Services")
at("reseller, declined", AGENT, "reseller Nod Consulting")
at("reseller, withdrawn", AGENT, "reseller Consolidated Messenger")
at("reseller, ended", AGENT, "reseller Adatum Corporation")
at("reseller, suspended", AGENT, "reseller Wingtip Toys")
at("reseller, withdraw the request", AGENT, "reseller ReleCloud", query="withdraw/")
at("reseller, end", GLOBAL, "reseller Trey Research", query="end/")
at("reseller, end, no designation", GLOBAL, "reseller Bellows Technology", query="end/")
at("agreement", AGENT, f"reseller {COHO}", query="agreement/")
at("request a relationship", AGENT, "/resellers/request/")
at("request a relationship, found", AGENT, "/resellers/request/", query="?find=5839450")
at("request a relationship, nobody found", AGENT, "/resellers/request/", query="?find=1234567")
at("request a relationship, nothing typed", AGENT, "/resellers/request/", query="?find=", expected=422)
at("request a relationship, asked already", AGENT, "/resellers/request/", query="?find=relecloud.example")
at("request a relationship, established", AGENT, "/resellers/request/", query="?find=treyresearch.example")


@state("resellers, menu of filters", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/resellers/")
    more = visitor.button("Filters")
    if more.is_visible():
        more.click()


@state("reseller, link copied", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["reseller ReleCloud"])
    visitor.button("Copy the link", exact=True).click()
    said(visitor, "Links made before no longer work.")


@state("reseller, resent", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["reseller ReleCloud"])
    visitor.button("Resend", exact=True).click()
    said(visitor, "The request goes to ReleCloud once more.")


@state("reseller, requested again", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["reseller Nod Consulting"])
    command(visitor, "Request again").click()
    visitor.page.get_by_label("Message").fill(LONG)
    visitor.button("Request the relationship").click()
    said(visitor, "Requested. Nod Consulting has until")


@state("agreement, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["reseller Trey Research"] + "agreement/")
    unchecked(visitor)
    visitor.page.get_by_label("Valid until").fill("2199-01-01")
    visitor.page.get_by_label("What it covers").evaluate("area => area.value = 'word '.repeat(80)")
    visitor.button("Save the agreement").click()
    alert(visitor)


@state("agreement, changed meanwhile", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["reseller Trey Research"] + "agreement/")
    visitor.page.locator("input[name=seen]").evaluate("input => input.value = '0'.repeat(16)")
    visitor.page.get_by_label("Agreement reference").fill("FD-2026-119")
    visitor.button("Save the agreement").click()
    alert(visitor)


@state("request a relationship, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/resellers/request/?find=5839450")
    unchecked(visitor)
    visitor.page.get_by_label("Valid until").fill("2199-01-01")
    visitor.button("Request the relationship").click()
    alert(visitor)


@state("invitation, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/resellers/request/?find=1234567")
    unchecked(visitor)
    visitor.page.get_by_label("PartnerID or Microsoft ID of the reseller").fill("seven")
    visitor.page.get_by_label("Email", exact=True).fill("not an address")
    visitor.button("Make the invitation").click()
    alert(visitor)


@state("invitation, the reseller is here", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/resellers/request/?find=1234567")
    visitor.page.get_by_label("PartnerID or Microsoft ID of the reseller").fill("5839450")
    visitor.page.get_by_label("Email", exact=True).fill("help@munsons.example")
    visitor.button("Make the invitation").click()
    alert(visitor)


@state("invitation, made", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/resellers/request/?find=1234567")
    visitor.page.get_by_label("Email", exact=True).fill("somebody@else.example")
    visitor.button("Make the invitation").click()
    said(visitor, "The invitation is made.")


@state("invitation, withdrawn", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/resellers/")
    visitor.button("Withdraw").first.click()
    said(visitor, "The invitation is withdrawn.")


@state("reseller, ended just now", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["reseller Trey Research"] + "end/")
    visitor.page.get_by_label("Reason").fill(LONG)
    visitor.button("End the relationship").click()
    said(visitor, "The relationship with Trey Research is ended.")


# -- an invited reseller arrives
at("arrival", "", "arrival")
at("arrival, signed in as the invitee", "admin-agent@litware.example", "arrival of Litware’s agent")
at("arrival, signed in as somebody else", AGENT, "arrival")
at("arrival, dead link", "", "/invitations/not-a-token/", expected=404)


@state("arrival, refused")
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["arrival"])
    unchecked(visitor)
    visitor.page.get_by_label("PartnerID of your organisation").fill("1")
    visitor.page.get_by_label("Password", exact=True).fill("short")
    visitor.button("Accept and create the organisation").click()
    alert(visitor)


# -- providers of a reseller
at("providers", TREY, "/providers/")
at("providers, a request", RELECLOUD, "/providers/")
at("providers, both kinds of partner", PHONE_COMPANY, "/providers/")
at("providers, declined", NOD, "/providers/")
at("providers, seen by helpdesk", TREY_HELPDESK, "/providers/")
at("providers, none", NEW_RESELLER, "/providers/")
at("providers, decline", RELECLOUD, "Fabrikam Distribution asks ReleCloud", query="decline/")
at(
    "providers, end",
    "global-admin@vanarsdel.example",
    "Fabrikam Distribution asks VanArsdel, Ltd.",
    query="end/",
)


@state("providers, accepted", RELECLOUD, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/providers/")
    visitor.page.locator("form[action$='/accept/'] button").click()
    said(visitor, "Accepted. Fabrikam Distribution is your provider from now on.")


@state("providers, agreement changed meanwhile", RELECLOUD, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/providers/")
    visitor.page.locator("input[name=seen]").evaluate("input => input.value = '0'.repeat(16)")
    visitor.page.locator("form[action$='/accept/'] button").click()
    alert(visitor)


# -- partners of a customer
at("partner relationships", CONTOSO, "/partner-relationships/")
at("partner relationships, may not answer", SUPPORT_ADMIN, "/partner-relationships/")
at("partner relationships, a long name", SMEHSA, "/partner-relationships/")
at("partner relationships, a reseller’s own", VANARSDEL, "/partner-relationships/")
at("partner relationships, one", NEW_CUSTOMER, "/partner-relationships/")
at("partner", CONTOSO, "partner Trey Research")
at("partner, live subscriptions", CONTOSO, "partner Fabrikam Distribution")
at("partner, a request", CONTOSO, "partner Lamna Consulting")
at("partner, may not end", SUPPORT_ADMIN, "partner Trey Research")
at("partner, ended rights", CONTOSO, "partner Tailspin Toys")
at("partner, end admin rights", CONTOSO, "partner Trey Research", query="end-admin-rights/")
at("partner, end", CONTOSO, "partner Trey Research", query="end/")
at("partner, end refused", CONTOSO, "partner Fabrikam Distribution", query="end/")


@state("partner relationships, three requests", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(asked_of_contoso, "First Up Consultants", None)
    visitor.world.happens(asked_of_contoso, "Trey Research", 730)
    visitor.go("/partner-relationships/")


@state("partner relationships, accepted", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/partner-relationships/")
    visitor.button("Accept until").first.click()
    said(visitor, "Accepted. Lamna Consulting has admin rights until")


@state("partner, extended", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(granted, "Trey Research")
    visitor.go(visitor.world.urls["partner Trey Research"])


@state("partner, rights ended just now", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["partner Trey Research"] + "end-admin-rights/")
    visitor.button("End admin rights", exact=True).click()
    said(visitor, "Admin rights ended.")


# -- asking customers
at("request a customer", AGENT, "/customers/request/")
at("request a customer, nobody found", AGENT, "/customers/request/", query="?find=zzzz.example")
at("request a customer, nothing typed", AGENT, "/customers/request/", query="?find=", expected=422)
at("request a customer, found", AGENT, "/customers/request/", query="?find=night.example")
at("request a customer, by sales", SALES, "/customers/request/", query="?find=night.example")
at("request admin rights", AGENT, "Contoso", query="requests/new/")
at("request a relationship, by sales", SALES, "Contoso", query="requests/new/")
at("first admin", MANY, "nobody here", query="first-admin/")
at("first admin, somebody is here", AGENT, "Contoso", query="first-admin/")
at("customer, end", GLOBAL, "New Customer", query="end/")
at("customer, end refused", GLOBAL, "Contoso", query="end/")
at("customer, nobody of it here", MANY, "nobody here")


@state("request a customer, requested", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/customers/request/?find=night.example")
    visitor.page.get_by_label("A relationship and delegated admin").check()
    visitor.page.get_by_label("Message").fill(LONG)
    visitor.button("Request", exact=True).click()
    said(visitor, "Requested. A global admin of")


@state("request admin rights, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["Contoso"] + "requests/new/")
    unchecked(visitor)
    visitor.page.get_by_label("Another number of days").check()
    visitor.page.get_by_label("Number of days", exact=True).fill("731")
    visitor.button("Request", exact=True).click()
    alert(visitor)


@state("customer, a request waits", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["Contoso"] + "requests/new/")
    visitor.page.get_by_label("Message").fill("We look after the migration.")
    visitor.button("Request", exact=True).click()
    said(visitor, "Requested. A global admin of Contoso")


@state("customer, withdraw a request", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["Contoso"] + "requests/new/")
    visitor.button("Request", exact=True).click()
    visitor.page.locator("a[href*='/withdraw/']").last.click()
    said(visitor, "Links to it stop working.")


@state("first admin, refused", MANY)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["nobody here"] + "first-admin/")
    visitor.page.get_by_label("Email", exact=True).fill("somebody@elsewhere.example")
    visitor.button("Make the invitation").click()
    alert(visitor)


@state("first admin, invited", MANY, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["nobody here"] + "first-admin/")
    visitor.page.get_by_label("Email", exact=True).fill("office@" + visitor.world.urls["its domain"])
    visitor.button("Make the invitation").click()
    said(visitor, "The invitation is made.")
