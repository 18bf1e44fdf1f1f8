"""Webhooks: none yet, made, refused, with two secrets, a delivery that is tried again, paused; and what asks first."""

from playwright.sync_api import expect

from tests.browser.state import AGENT, GLOBAL, SALES, TREY, alert, at, command, said, state, unchecked
from tests.browser.visitor import Visitor

LIST, NEW = "/organisation/webhooks/", "/organisation/webhooks/new/"
LONG = (
    "https://hooks.company.example/portal?customer=every-one-of-them&token=0123456789012345678901234567890123"
)


def made(visitor: Visitor, url: str = "https://hooks.company.example/portal") -> None:
    """A webhook, on the page that shows its secret."""
    visitor.go(NEW)
    visitor.page.get_by_label("Address", exact=True).fill(url)
    visitor.button("Make the webhook").click()
    expect(visitor.page.locator(".secret")).to_contain_text("portal_whs_")


at("webhooks, none yet", GLOBAL, LIST)
at("webhooks, none yet, a reseller’s agent", TREY, LIST)
at("webhooks, refused", SALES, LIST, expected=403)
at("webhooks, new", AGENT, NEW)


@state("webhooks, new, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(NEW)
    unchecked(visitor)
    visitor.page.get_by_label("Address", exact=True).fill("http://127.0.0.1/")
    visitor.button("Make the webhook").click()
    alert(visitor)


@state("webhooks, made", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor, LONG)


@state("webhooks, listed", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor, LONG)
    made(visitor)
    visitor.button("Pause").click()
    visitor.go(LIST)
    said(visitor, "Paused")


@state("webhooks, change", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor, LONG)
    command(visitor, "Change").click()
    said(visitor, "The secret stays.")


@state("webhooks, rotate", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    command(visitor, "New secret").click()
    visitor.button("Make the new secret").click()
    expect(visitor.page.locator(".secret")).to_contain_text("portal_whs_")
    command(visitor, "New secret").click()
    said(visitor, "Two secrets sign now.")


@state("webhooks, rotated", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    command(visitor, "New secret").click()
    visitor.button("Make the new secret").click()
    expect(visitor.button("End the former one now")).to_be_visible()


@state("webhooks, a delivery on its way", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    visitor.button("Send a test event").click()
    said(visitor, "None yet.")


@state("webhooks, paused, something waits", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    visitor.button("Send a test event").click()
    said(visitor, "None yet.")
    visitor.page.get_by_role("link", name="hooks.company.example").click()
    visitor.button("Pause").click()
    said(visitor, "1 event waits")


@state("webhooks, delete", AGENT, writes=True)
def _(visitor: Visitor) -> None:
    made(visitor)
    command(visitor, "Delete").click()
    said(visitor, "Nothing is sent to this address any more.")
