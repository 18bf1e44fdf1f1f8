"""The agent's way by keyboard alone: every step is reached, and the focus is always seen."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.state import E3, POWER_BI
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.browser.world import PASSWORD
from tests.browser.world_relationships import MANY

AGENT = "admin-agent@fabrikam.example"
FOCUS = Path(__file__).with_name("focus.js").read_text()
NAME = """() => {
  const node = document.activeElement;
  return (node.closest("label")?.textContent || node.textContent || node.getAttribute("aria-label") || "").trim();
}"""


def check(page: Page) -> None:
    fault = page.evaluate(FOCUS)
    assert not fault, f"{page.url}: {fault}"


def tab_to(visitor: Visitor, words: str, key: str = "Tab", limit: int = 90) -> None:
    """Press until the focus is on what is called so, looking at every stop."""
    seen = []
    for _ in range(limit):
        visitor.page.keyboard.press(key)
        check(visitor.page)
        seen.append(visitor.page.evaluate(NAME))
        if " ".join(seen[-1].split()).startswith(words):
            return
    raise AssertionError(f"“{words}” is not reached by {key}: {seen}")


def test_the_whole_way_by_keyboard(visit, renewed):
    agent = visit()
    agent.go("/")
    keys = agent.page.keyboard
    expect(agent.page.get_by_label("Email", exact=True)).to_be_visible()
    agent.page.locator("body").focus()
    while agent.page.evaluate("document.activeElement.name") != "login":
        keys.press("Tab")
        check(agent.page)
    keys.type(AGENT)
    keys.press("Tab")
    check(agent.page)
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(agent.heading("Fabrikam Distribution")).to_be_visible()

    tab_to(agent, "Customers")
    keys.press("Enter")
    expect(agent.heading("Customers")).to_be_visible()
    keys.press("/")
    assert agent.page.evaluate("document.activeElement.id") == "id_q"
    keys.type("contoso")
    expect(agent.page.locator("#results tbody tr")).to_have_count(1)
    assert agent.page.evaluate("document.activeElement.id") == "id_q"  # a search that answers leaves it there
    tab_to(agent, "Contoso")
    keys.press("Enter")
    expect(agent.heading("Contoso")).to_be_visible()

    tab_to(agent, E3)
    keys.press("Enter")
    expect(agent.heading(E3)).to_be_visible()
    while agent.page.evaluate("document.activeElement.name") != "partner":
        keys.press("Tab")
        check(agent.page)
    keys.press("ArrowDown")
    check(agent.page)
    expect(agent.page.get_by_role("radio", name="Trey Research")).to_be_checked()
    while agent.page.evaluate("document.activeElement.tagName") != "TEXTAREA":
        keys.press("Tab")
        check(agent.page)
    keys.type("By keyboard.")
    keys.press("Enter")  # makes a line, does not submit
    keys.type("In two lines.")
    tab_to(agent, "Submit")
    keys.press("Space")

    said = agent.page.get_by_role("status").filter(has_text="Changed.")
    expect(said).to_be_focused()
    check(agent.page)
    expect(agent.page.locator(".pairs")).to_contain_text("In two lines.")
    tab_to(agent, "Close")
    keys.press("Enter")
    expect(agent.heading("Customers")).to_be_visible()
    assert renewed.contact_of(E3) == "Trey Research"


def walk(visitor: Visitor, path: str, limit: int = 400) -> int:
    """Through a whole page, one stop after the other; how many there are."""
    visitor.go(path)
    first = None
    for stops in range(limit):
        visitor.page.keyboard.press("Tab")
        check(visitor.page)
        here = visitor.page.evaluate_handle("document.activeElement")
        first = first or here
        if stops and visitor.page.evaluate("([a, b]) => a === b || b === document.body", [first, here]):
            return stops
    raise AssertionError(f"{path} has no end.")


def test_the_focus_is_seen_at_every_stop_of_long_pages(visit, world):
    for viewport in (PHONE, {"width": 1024, "height": 600}):
        agent = visit(AGENT, viewport=viewport)
        for path in (world.urls["Contoso"], world.urls[f"Contoso: {POWER_BI}"], "/organisation/"):
            assert walk(agent, path) > 10


def test_the_focus_is_seen_backwards_too(visit, world):
    """Backwards is where a header that stays hides what is above."""
    agent = visit(AGENT, viewport={"width": 1024, "height": 600})
    for path in ("/customers/", world.urls[f"Contoso: {E3}"]):
        agent.go(path)
        last = agent.page.locator("main a[href], main button, main input").last
        last.focus()
        for _ in range(60):
            agent.page.keyboard.press("Shift+Tab")
            check(agent.page)


def test_customers_page_by_keyboard(visit, world):
    admin = visit("admin@contoso.example", viewport=PHONE)
    assert walk(admin, "/support/") > 10


def test_skip_link_leads_past_the_frame(visit, world):
    agent = visit(AGENT)
    agent.go("/customers/")
    agent.page.keyboard.press("Tab")
    assert agent.page.evaluate(NAME) == "Skip to the content"
    check(agent.page)
    agent.page.keyboard.press("Enter")
    assert agent.page.evaluate("document.activeElement.id") == "content"


def test_escape_closes_a_menu_and_gives_the_focus_back(visit, world):
    agent = visit(AGENT)
    agent.go("/customers/")
    summary = agent.page.locator("summary", has_text="Account")
    summary.focus()
    agent.page.keyboard.press("Enter")
    expect(agent.button("Sign out")).to_be_visible()
    agent.page.keyboard.press("Tab")
    check(agent.page)
    agent.page.keyboard.press("Escape")
    expect(agent.button("Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


def test_rows_are_chosen_and_repaired_by_keyboard(visit, renewed):
    agent = visit(AGENT)
    agent.go("/support-contacts/?attention=1")
    keys = agent.page.keyboard
    tab_to(agent, "Contoso, Power BI Pro")
    keys.press("Space")
    expect(agent.page.get_by_text("1 selected")).to_be_visible()
    tab_to(agent, "Replace with…")
    keys.press("Enter")
    expect(agent.heading("Choose who supports them")).to_be_visible()
    while agent.page.evaluate("document.activeElement.name") != "partner":
        keys.press("Tab")
        check(agent.page)
    keys.press("Space")
    tab_to(agent, "See the plan")
    keys.press("Enter")
    expect(agent.page.locator(".stats")).to_be_visible()
    tab_to(agent, "Change 1 subscription")
    keys.press("Enter")
    expect(agent.page.get_by_role("status").filter(has_text="Finished.")).to_be_focused()
    check(agent.page)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_long_page_of_rows_never_hides_the_focus(visit, world, screen):
    agent = visit(MANY, viewport=screen)
    agent.go("/support-contacts/?attention=1&select=all")
    tab_to(agent, "Next", limit=130)
    tab_to(agent, "Skip to the content", key="Shift+Tab", limit=160)


def test_a_customer_answers_and_ends_by_keyboard(visit, renewed):
    admin = visit("admin@contoso.example")
    admin.go("/partner-relationships/")
    keys = admin.page.keyboard
    tab_to(admin, "Accept until")
    keys.press("Enter")
    expect(admin.page.get_by_role("status").filter(has_text="Accepted.")).to_be_visible()
    tab_to(admin, "Lamna Consulting")
    keys.press("Enter")
    expect(admin.heading("Lamna Consulting")).to_be_visible()
    tab_to(admin, "End admin rights")
    keys.press("Enter")
    expect(admin.heading("End the admin rights of Lamna Consulting?")).to_be_visible()
    tab_to(admin, "End admin rights")
    keys.press("Enter")
    expect(admin.page.get_by_role("status").filter(has_text="Admin rights ended.")).to_be_visible()
