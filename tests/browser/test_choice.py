"""What comes of a Submit when somebody else was there first, or the choice is not allowed any more."""

import re

from playwright.sync_api import expect

from tests.browser.state import E3, submit
from tests.browser.world_relationships import grant_ended

AGENT, HELPDESK, SALES = (
    f"{role}@fabrikam.example" for role in ("admin-agent", "helpdesk-agent", "sales-agent")
)
ADDON = "Microsoft 365 Audio Conferencing"


def test_the_second_of_two_agents_gets_the_conflict_and_may_replace(visit, renewed):
    path = renewed.urls[f"Contoso: {E3}"]
    first, second = visit(AGENT), visit(HELPDESK)
    first.go(path)
    second.go(path)
    submit(first, "Alpine Ski House", note="They asked for German.")
    expect(first.page.locator(".change")).to_be_visible()

    submit(second, "Trey Research", note="They asked for French.")

    refused = second.page.get_by_role("alert")
    expect(refused).to_contain_text("Not saved.")
    expect(refused).to_be_focused()
    three = second.page.locator(".three .box-name")
    expect(three).to_have_text(["Fabrikam Distribution", "Alpine Ski House", "Trey Research"])
    expect(second.page.locator(".three")).to_contain_text("They asked for German.")
    expect(second.page.get_by_label("Note")).to_have_value("They asked for French.")
    expect(second.page.get_by_role("radio", name="Trey Research")).to_be_checked()
    assert renewed.contact_of(E3) == "Alpine Ski House"

    second.button("Replace Alpine Ski House with Trey Research").click()

    expect(second.page.locator(".box-past .box-name")).to_have_text("Alpine Ski House")
    expect(second.page.locator(".box-now .box-name")).to_have_text("Trey Research")
    assert renewed.contact_of(E3) == "Trey Research"


def test_the_conflict_can_be_left_as_it_is(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls[f"Contoso: {E3}"])
    renewed.choose(E3, "Alpine Ski House")
    submit(agent, "Trey Research")

    agent.link("Keep Alpine Ski House").click()

    expect(agent.page.locator(".strip-partner")).to_contain_text("Alpine Ski House")
    expect(agent.page.get_by_role("alert")).to_have_count(0)
    assert renewed.contact_of(E3) == "Alpine Ski House"


def test_a_reseller_that_is_not_eligible_any_more_is_refused_with_the_reason(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls[f"Contoso: {E3}"])
    renewed.happens(grant_ended, "Trey Research")

    submit(agent, "Trey Research", note="Kept for later.")

    refused = agent.page.get_by_role("alert")
    expect(refused).to_contain_text("Trey Research is not eligible now")
    expect(refused).to_be_focused()
    expect(agent.page.get_by_label("Note")).to_have_value("Kept for later.")
    expect(agent.page.locator("#reasons")).to_contain_text("Trey Research")
    assert renewed.contact_of(E3) == ""


def test_the_same_choice_of_two_is_said_to_be_so_already(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls[f"Contoso: {E3}"])
    renewed.choose(E3, "Trey Research")
    events = renewed.events_of(E3)
    agent.page.get_by_label(ADDON).uncheck()

    submit(agent, "Trey Research")

    expect(agent.page.get_by_role("status").filter(has_text="Already so.")).to_contain_text("Helpdesk agent")
    assert renewed.events_of(E3) == events


def test_an_add_on_still_follows_when_its_parent_is_so_already(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls[f"Contoso: {E3}"])
    renewed.choose(E3, "Trey Research")
    events = renewed.events_of(E3)

    submit(agent, "Trey Research")

    expect(agent.heading(ADDON)).to_be_visible()
    expect(agent.page.locator(".box-now .box-name")).to_have_text("Trey Research")
    assert renewed.contact_of(ADDON) == "Trey Research"
    assert renewed.events_of(E3) == events


def test_after_a_conflict_the_add_ons_are_ticked_as_they_were(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls[f"Contoso: {E3}"])
    renewed.choose(E3, "Alpine Ski House")  # who also supports Microsoft Teams Phone Standard

    submit(agent, "Trey Research")

    expect(agent.page.get_by_role("alert")).to_contain_text("Not saved.")
    expect(agent.page.get_by_label(ADDON)).to_be_checked()
    expect(agent.page.get_by_label("Microsoft Teams Phone Standard")).not_to_be_checked()


def test_correct_it_leads_back_to_the_choice(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls[f"Contoso: {E3}"])
    submit(agent, "Alpine Ski House")

    agent.link("Correct it").click()
    submit(agent, re.compile("^Fabrikam Distribution"), note="Mistaken.")

    expect(agent.page.locator(".box-past .box-name")).to_have_text("Alpine Ski House")
    expect(agent.page.locator(".box-now .box-name")).to_have_text("Fabrikam Distribution")
    assert renewed.contact_of(E3) == ""


def test_who_may_not_assign_sees_the_contact_and_who_may(visit, world):
    sales = visit(SALES)
    sales.go(world.urls[f"Contoso: {E3}"])

    expect(sales.page.locator("#support-contact")).to_contain_text("may change this.")
    expect(sales.page.get_by_role("radio")).to_have_count(0)
    expect(sales.button("Submit", exact=True)).to_have_count(0)


def test_a_search_among_resellers_that_are_not_available(visit, world):
    agent = visit(AGENT)
    agent.go(world.urls[f"Contoso: {E3}"])
    rows = agent.page.locator("#reasons .reason")
    expect(rows.nth(1)).to_be_visible()

    agent.page.get_by_role("searchbox", name="Find a reseller by name or PartnerID").fill("lamn")

    expect(rows.filter(visible=True)).to_have_count(1)
    expect(rows.filter(visible=True)).to_contain_text("Lamna Consulting")
    expect(agent.page.locator("#status")).to_have_text("1 result")


def test_without_scripts_a_search_finds_a_stranger_by_partner_id(visit, world):
    agent = visit(AGENT, scripts=False)
    agent.go(world.urls[f"Contoso: {E3}"])

    agent.page.get_by_role("searchbox", name="Find a reseller by name or PartnerID").fill("5839450")
    agent.button("Find", exact=True).click()

    expect(agent.page.locator("#reasons")).to_contain_text("Munson’s Managed Services")
    expect(agent.page.locator("#reasons")).to_contain_text("No relationship with you.")
