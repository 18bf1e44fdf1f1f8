"""API credentials: none yet, made, with two secrets, expiring and left behind, revoked; and what is refused."""

from playwright.sync_api import expect

from tests.browser.state import AGENT, GLOBAL, SALES, TREY, alert, at, command, said, state, unchecked
from tests.browser.visitor import Visitor

LIST, NEW = "/organisation/credentials/", "/organisation/credentials/new/"


def made(visitor: Visitor, name: str = "Billing sync") -> None:
    """An integration, on the page that shows its secret."""
    visitor.go(NEW)
    visitor.page.get_by_label("Name", exact=True).fill(name)
    visitor.page.get_by_label("Helpdesk agent").check()
    visitor.button("Make the integration").click()
    expect(visitor.page.locator(".secret")).to_contain_text("portal_")


def rotated(visitor: Visitor) -> None:
    made(visitor)
    command(visitor, "New secret").click()
    visitor.button("Make the new secret").click()
    expect(visitor.page.locator(".secret")).to_contain_text("portal_")


at("credentials, none yet", GLOBAL, LIST)
at("credentials, none yet, a reseller’s agent", TREY, LIST)
at("credentials, refused", SALES, LIST, expected=403)
at("credentials, new", AGENT, NEW)


@state("credentials, new, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(NEW)
    unchecked(visitor)
    visitor.page.get_by_label("Works until the end of").fill("2020-01-01")
    visitor.button("Make the integration").click()
    alert(visitor)


@state("credentials, made", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor, "Synchronises-every-subscription-of-every-customer-with-billing")


@state("credentials, one", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    visitor.page.reload()
    expect(visitor.page.locator(".secret")).to_have_count(0)


@state("credentials, a name that is taken", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    made(visitor, "Ticketing")
    visitor.page.get_by_label("Name", exact=True).fill("billing sync")
    visitor.button("Save the name").click()
    alert(visitor)


@state("credentials, rotate", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    rotated(visitor)
    command(visitor, "New secret").click()
    said(visitor, "Two secrets work now.")


@state("credentials, rotated", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    rotated(visitor)
    expect(visitor.button("End it now")).to_be_visible()


@state("credentials, revoke", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    command(visitor, "Revoke").click()
    said(visitor, "It cannot be brought back.")


@state("credentials, limited and revoked", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor, "Ticketing")
    command(visitor, "Revoke").click()
    visitor.button("Revoke Ticketing").click()
    made(visitor)
    visitor.go(LIST)
    visitor.page.get_by_label("Highest role for integrations").select_option("sales_agent")
    visitor.button("Save", exact=True).click()
    visitor.page.locator("summary", has_text="revoked integration").click()
    said(visitor, "Acts with less")
