"""The activity log: full, narrowed, asked about, empty, refused; of a provider, a reseller and a customer."""

from playwright.sync_api import expect

from tests.browser.state import AGENT, CONTOSO, GLOBAL, SALES, TREY, alert, at, said, state
from tests.browser.visitor import Visitor
from tests.browser.world import NEW_PROVIDER

LOG = "/activity/"


def filters(visitor: Visitor) -> None:
    """The filters, which phones keep behind a button."""
    visitor.go(LOG)
    button = visitor.button("Filters")
    if button.is_visible():
        button.click()


at("activity", GLOBAL, LOG)
at("activity, of a reseller", TREY, LOG)
at("activity, of a customer", CONTOSO, LOG)
at("activity, nothing found", AGENT, LOG, query="?channel=bulk&since=2001-01-01&until=2001-01-01")
at("activity, a former person", AGENT, LOG, query="?person=00000000-0000-4000-8000-000000000001")
at("activity, may not", SALES, LOG, expected=403)
at("activity, no such page", AGENT, LOG, query="?after=zzz", expected=422)
at("activity, nobody’s organisation", NEW_PROVIDER, LOG)


@state("activity, filtered in place", AGENT)
def _(visitor: Visitor) -> None:
    filters(visitor)
    visitor.page.get_by_label("Customer", exact=True).fill("contoso")
    visitor.page.get_by_label("What happened").select_option("designation.made")
    visitor.button("Show", exact=True).click()
    expect(visitor.page.locator(".chip[aria-current]", has_text="Contoso")).to_have_count(1)
    assert "action=designation.made" in visitor.page.url
    expect(visitor.page.locator("#results")).to_be_focused()


@state("activity, days in the wrong order", AGENT)
def _(visitor: Visitor) -> None:
    filters(visitor)
    visitor.page.get_by_label("From day").fill("2026-11-20")
    visitor.page.get_by_label("To day").fill("2026-11-19")
    visitor.button("Show", exact=True).click()
    alert(visitor)
    said(visitor, "The last day is before the first one.")


@state("activity, filters open", AGENT)
def _(visitor: Visitor) -> None:
    filters(visitor)
    expect(visitor.page.get_by_label("From day")).to_be_visible()


@state("activity, second page", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(LOG)
    visitor.link("Next", exact=True).click()
    expect(visitor.page.locator(".pager a[rel=prev]")).to_be_visible()
