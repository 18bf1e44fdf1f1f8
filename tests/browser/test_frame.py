"""What every page has: switching organisation and language, signing out, sessions that end; and the list's address."""

import re

from playwright.sync_api import expect

from tests.browser.state import E3, submit
from tests.browser.visitor import PHONE
from tests.browser.world import TWO

AGENT = "admin-agent@fabrikam.example"


def test_the_organisation_switcher_changes_what_is_seen(visit, renewed):
    two = visit(TWO)
    two.go("/customers/")
    expect(two.page.locator("#results")).to_contain_text("Adventure Works Cycles")

    two.open_menu("Switch organisation").get_by_role("button", name="Proseware Distribution").click()

    expect(two.heading("Proseware Distribution")).to_be_visible()
    two.go("/customers/")
    expect(two.page.locator("#results")).to_contain_text("Adventure Works (bikes)")


def test_what_another_organisation_sees_is_offered_and_opened(visit, renewed):
    two = visit(TWO)
    two.go("/")
    two.open_menu("Switch organisation").get_by_role("button", name="Proseware Distribution").click()
    expect(two.heading("Proseware Distribution")).to_be_visible()
    path = renewed.urls[f"Contoso: {E3}"]
    assert two.go(path).status == 404

    two.button("Open it as Fabrikam Distribution").click()

    expect(two.heading(E3)).to_be_visible()
    assert two.path == path


def test_the_language_switcher_keeps_the_address(visit, renewed):
    agent = visit(AGENT)
    agent.go("/customers/?q=contoso&country=FR")

    agent.open_menu("Language").get_by_role("button", name="Français").click()

    expect(agent.heading("Clients")).to_be_visible()
    assert agent.page.locator("html").get_attribute("lang") == "fr"
    assert agent.path == "/customers/?q=contoso&country=FR"
    expect(agent.page.get_by_role("searchbox").last).to_have_value("contoso")


def test_the_language_is_chosen_before_signing_in(visit, world):
    somebody = visit()
    somebody.go("/sign-in/?next=/support/")
    somebody.button("Français").click()
    expect(somebody.heading("Se connecter")).to_be_visible()
    assert somebody.path == "/sign-in/?next=/support/"


def test_signing_out_ends_what_back_would_show(visit, renewed):
    agent = visit(AGENT)
    agent.go("/customers/")
    agent.open_menu("Account").get_by_role("button", name="Sign out").click()
    expect(agent.heading("Sign in")).to_be_visible()

    agent.page.go_back()

    expect(agent.heading("Sign in")).to_be_visible()
    expect(agent.page.get_by_text("Adventure Works")).to_have_count(0)


def test_a_session_that_ended_keeps_what_was_typed(visit, renewed):
    agent = visit(AGENT)
    path = renewed.urls[f"Contoso: {E3}"]
    agent.go(path)
    renewed.rest_for_an_hour()
    submit(agent, "Trey Research", note="A long note, typed over lunch.")

    agent.page.get_by_label("Email", exact=True).fill(AGENT)
    agent.page.get_by_label("Password", exact=True).fill("demo-portal-2026")
    agent.button("Sign in", exact=True).click()

    expect(agent.heading(E3)).to_be_visible()
    expect(agent.page.get_by_text("Signed in again.")).to_be_visible()
    expect(agent.page.get_by_label("Note")).to_have_value("A long note, typed over lunch.")
    expect(agent.page.get_by_role("radio", name="Trey Research")).to_be_checked()
    assert renewed.contact_of(E3) == ""
    agent.button("Submit", exact=True).click()
    expect(agent.page.locator(".box-now .box-name")).to_have_text("Trey Research")


def test_a_form_that_expired_gives_back_what_was_typed_and_nothing_else(visit, world):
    agent = visit(AGENT)
    agent.go(world.urls[f"Contoso: {E3}"])
    agent.context.clear_cookies(name="csrf")

    submit(agent, "Trey Research", note="A long note, typed over lunch.")

    expect(agent.heading("Not saved")).to_be_visible()
    expect(agent.page.get_by_label("What you had typed")).to_have_count(1)
    expect(agent.page.get_by_label("What you had typed")).to_have_value("A long note, typed over lunch.")
    agent.link("Open the page again").click()
    expect(agent.heading(E3)).to_be_visible()


def test_a_session_that_ended_takes_a_search_to_the_sign_in_page(visit, renewed):
    agent = visit(AGENT)
    agent.go("/customers/")
    renewed.rest_for_an_hour()

    agent.page.locator("#id_q").fill("contoso")

    expect(agent.heading("Sign in")).to_be_visible()
    expect(agent.page.get_by_role("navigation", name="Main")).to_have_count(0)


def test_searching_as_one_types_writes_the_address_and_back_gives_whole_pages(visit, world):
    agent = visit(AGENT)
    agent.go("/customers/")
    agent.page.locator("#id_q").press_sequentially("northw", delay=30)
    expect(agent.page).to_have_url(re.compile(r"\?q=northw$"))
    expect(agent.page.locator("#results tbody tr")).to_have_count(1)
    expect(agent.page.locator("#status")).to_have_text(re.compile("1 customer|1 result|1 of 1"))
    expect(agent.page.locator("#id_q")).to_be_focused()
    agent.page.locator("#results").get_by_role("link", name="Northwind Traders").click()
    expect(agent.heading("Northwind Traders")).to_be_visible()

    agent.page.go_back()

    expect(agent.heading("Customers")).to_be_visible()
    expect(agent.page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(agent.page.locator("#results tbody tr")).to_have_count(1)
    expect(agent.page.locator("#id_q")).to_have_value("northw")
    agent.page.go_back()
    expect(agent.heading("Customers")).to_be_visible()
    expect(agent.page.locator("#results tbody tr")).to_have_count(25)
    expect(agent.page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_page_turned_is_a_page_in_history(visit, world):
    agent = visit(AGENT)
    agent.go("/customers/")
    first = agent.page.locator("#results tbody tr").first.inner_text()
    agent.link("Next", exact=True).click()
    expect(agent.page.locator(".pager a[rel=prev]")).to_be_visible()
    expect(agent.page).to_have_url(re.compile("after="))

    agent.page.go_back()

    expect(agent.page.locator("#results tbody tr").first).to_have_text(
        re.compile(re.escape(first.split("\n")[0]))
    )


def test_on_a_phone_menu_filters_and_commands_open(visit, world):
    agent = visit(AGENT, viewport=PHONE, has_touch=True)
    agent.go(world.urls["Contoso"])
    agent.button("More commands").click()
    agent.link("See what the customer sees").click()
    expect(agent.heading("What Contoso sees")).to_be_visible()
    agent.button("Menu", exact=True).click()
    agent.link("Customers", exact=True).first.click()
    expect(agent.heading("Customers")).to_be_visible()


def test_copying_says_so(visit, world):
    agent = visit(AGENT, permissions=["clipboard-read", "clipboard-write"])
    agent.go(world.urls["Contoso"])
    agent.page.locator(".facts button.copy").first.click()
    expect(agent.page.locator("#status")).to_have_text("Copied")
    assert agent.page.evaluate("navigator.clipboard.readText()") == "3b33e682-5a0d-4c1b-9e7f-6d28a1c054e1"


def test_choosing_what_is_not_working_shows_its_card_alone(visit, world):
    admin = visit("admin@contoso.example", viewport=PHONE)
    admin.go("/support/")
    cards = admin.page.locator(".support-card").filter(visible=True)
    assert cards.count() > 2

    admin.page.get_by_role("combobox", name="What is not working?").select_option(
        label="Exchange Online (Plan 2)"
    )

    expect(cards).to_have_count(1)
    expect(admin.page).to_have_url(re.compile(r"\?subscription=a71f3c9e"))
    expect(cards.locator(".tell").filter(visible=True)).to_have_count(1)


def test_the_profile_is_previewed_while_it_is_typed(visit, world):
    agent = visit("admin-agent@treyresearch.example")
    agent.go("/organisation/")
    agent.page.get_by_label("Telephone", exact=False).first.fill("+33 1 99 00 00 01")
    expect(agent.page.locator("#preview a[href='tel:+33199000001']")).to_be_visible()
    expect(agent.page.get_by_label("Telephone", exact=False).first).to_be_focused()
