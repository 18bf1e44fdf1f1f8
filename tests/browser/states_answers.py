"""Reports of customers and their answers, steps from the picker, links, mails."""

from playwright.sync_api import Locator, expect

from tests.browser.state import (
    AGENT,
    CONTOSO,
    E3,
    GLOBAL,
    HELPDESK,
    RELECLOUD,
    alert,
    at,
    e3,
    said,
    state,
    unchecked,
)
from tests.browser.visitor import Visitor
from tests.browser.world_relationships import (
    TWO_RESELLERS,
    granted,
    mails,
    reported,
    step_asked,
    wished,
)

# -- "this contact is wrong or does not answer"
at("report", CONTOSO, "report Alpine Ski House")
at("remove what was registered", CONTOSO, "remove Windows Server 2022 Datacenter")


@state("report, refused", CONTOSO)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["report Alpine Ski House"])
    unchecked(visitor)
    visitor.button("Tell Fabrikam Distribution").click()
    alert(visitor)


@state("report, sent", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["report Alpine Ski House"])
    visitor.page.get_by_label("Nobody answers").check()
    visitor.button("Tell Fabrikam Distribution").click()
    said(visitor, "Reported.")


@state("report, today already", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(reported, "Alpine Ski House")
    visitor.go(visitor.world.urls["report Alpine Ski House"])
    said(visitor, "Reported today already.")


@state("report, to be answered", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.happens(reported, "Alpine Ski House"))


@state("report, answer refused", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.happens(reported, "Alpine Ski House"))
    unchecked(visitor)
    visitor.button("Send the answer").click()
    alert(visitor)


@state("whom to call, a report answered", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    path = visitor.world.happens(reported, "Alpine Ski House")
    visitor.signed_in(AGENT)
    visitor.go(path)
    visitor.page.get_by_label("Your answer").fill("They have a new number.\nIt stands here now.")
    visitor.button("Send the answer").click()
    said(visitor, "Answered.")
    visitor.signed_in(CONTOSO)
    visitor.go("/support/")
    said(visitor, "They have a new number.")


# -- steps from the picker
at("picker, helpdesk may ask", HELPDESK, f"Contoso: {E3}")
at("picker, a customer’s resellers, helpdesk", HELPDESK, "Contoso")


def row_of(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("#unavailable .reason", has_text=name)


def step(visitor: Visitor, name: str, button: str) -> None:
    visitor.go(e3(visitor))
    row_of(visitor, name).get_by_role("button", name=button).click()
    expect(visitor.page.locator(".reason-said")).to_be_visible()


@state("picker, resent", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    step(visitor, "ReleCloud", "Resend")


@state("picker, link copied", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    step(visitor, "Lamna Consulting", "Copy link")


@state("picker, an admin agent asked", HELPDESK, writes=True)
def _(visitor: Visitor) -> None:
    step(visitor, "First Up Consultants", "Ask an admin agent")


@state("picker, one click to the next step", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    row_of(visitor, "First Up Consultants").get_by_role("link").click()
    expect(visitor.page.get_by_label("For", exact=True)).to_have_value(
        visitor.world.urls["id of First Up Consultants"]
    )


@state("picker, requested from there", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    row_of(visitor, "First Up Consultants").get_by_role("link").click()
    visitor.button("Request", exact=True).click()
    expect(visitor.page.locator(".reason-said")).to_be_visible()


@state("home, a step asked of me, a reseller eligible", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(step_asked, "Bellows Technology")
    visitor.world.happens(wished, E3, "First Up Consultants", AGENT)
    visitor.world.happens(granted, "First Up Consultants")
    visitor.go("/")
    said(visitor, "First Up Consultants can now be chosen")
    visitor.page.locator("summary", has_text="messages for you").click()


@state("picker, preselected once it is eligible", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(wished, E3, "First Up Consultants", AGENT)
    visitor.world.happens(granted, "First Up Consultants")
    visitor.go("/")
    visitor.page.locator(".told", has_text="First Up Consultants").get_by_role("button").click()
    said(visitor, "First Up Consultants can now be chosen.")
    expect(visitor.page.get_by_role("radio", name="First Up Consultants")).to_be_checked()


# -- bought elsewhere
at("register", AGENT, "Contoso", query="register/")


@state("register, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["Contoso"] + "register/")
    unchecked(visitor)
    visitor.button("Register", exact=True).click()
    alert(visitor)


@state("subscription, registered just now", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go(visitor.world.urls["Contoso"] + "register/")
    visitor.page.get_by_label("Name", exact=True).fill("Azure plan, head office")
    visitor.page.get_by_label("Microsoft direct").check()
    visitor.page.get_by_label("Sold by", exact=True).fill("Microsoft")
    visitor.button("Register", exact=True).click()
    said(visitor, "Registered.")


# -- links
at("link, of the right organisation", RELECLOUD, "link to ReleCloud")
at("link, of a customer", CONTOSO, "link to Contoso")
at("link, of somebody else’s organisation", AGENT, "link to ReleCloud", expected=404)
at("link, dead", AGENT, "/links/not-a-token/", expected=404)
at("link, signed out", "", "link to ReleCloud")


@state("link, of another organisation of mine", TWO_RESELLERS)
def _(visitor: Visitor) -> None:
    visitor.go("/")
    if "ReleCloud" in visitor.page.locator("summary.organisation-name").inner_text():
        visitor.open_menu("Switch organisation").get_by_role("button", name="Trey Research").click()
        expect(visitor.heading("Trey Research")).to_be_visible()
    visitor.go(visitor.world.urls["link to ReleCloud"])
    expect(visitor.button("Open it as ReleCloud")).to_be_visible()


# -- mails
at("mails of the organisation, none failed", GLOBAL, "/organisation/mail/", query="?state=failed")
at("mails of the demo", "", "/demo/mail/")


@state("mails of the organisation", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.world.happens(mails)
    visitor.go("/organisation/mail/")


@state("mails of the demo, one read", GLOBAL)
def _(visitor: Visitor) -> None:
    visitor.go("/demo/mail/")
    visitor.link(
        "Still to answer: “Fabrikam Distribution” asks you for a reseller relationship"
    ).first.click()
    expect(visitor.page.frame_locator(".mail-frame").get_by_role("heading").first).to_be_visible()


@state("mails switched off", CONTOSO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/demo/mail/")
    visitor.page.locator("tbody tr", has_text="contoso.example").first.locator("a").click()
    visitor.page.locator(".mail-text a[href*='/mail/off/']").click()
    visitor.page.locator("main button").click()
