"""The main job, as a new user does it: an agent chooses who supports a subscription, the customer sees whom to call."""

import re

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from tests.browser.visitor import PHONE, Visitor

AGENT, ADMIN = "admin-agent@fabrikam.example", "admin@contoso.example"
OFFER, NOTE = "Microsoft 365 E3", "The customer asked for Trey.\nTicket 51203."


def find_contoso(agent: Visitor) -> None:
    """From the first page to Contoso, by searching."""
    agent.link(agent.say("Customers"), exact=True).first.click()
    box = agent.page.get_by_role("searchbox", name=agent.say("Name, domain, Microsoft ID, PartnerID"))
    box.fill("Contoso")
    if agent.has_scripts:
        expect(agent.page).to_have_url(re.compile(r"[?&]q=Contoso"))
    else:
        agent.button(agent.say("Search"), exact=True).click()
    agent.page.locator("#results").get_by_role("link", name="Contoso", exact=True).click()
    expect(agent.heading("Contoso")).to_be_visible()


def choose_trey(agent: Visitor) -> None:
    """From Contoso's page to the page that verifies the change."""
    agent.link(OFFER, exact=True).first.click()  # among its subscriptions; its history names it as well
    expect(agent.heading(OFFER)).to_be_visible()
    trey = agent.page.get_by_role("radio", name=re.compile("^Trey Research"))
    trey.check()
    agent.page.get_by_label(agent.say("Note")).fill(NOTE)
    agent.button(agent.say("Submit"), exact=True).click()
    expect(agent.page.get_by_role("status").filter(has_text=agent.say("Changed."))).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_agent_designates_and_the_customer_sees_whom_to_call(visit, renewed, language, scripts):
    agent = visit(language=language, scripts=scripts)
    agent.sign_in(AGENT)
    expect(agent.heading("Fabrikam Distribution")).to_be_visible()
    find_contoso(agent)
    choose_trey(agent)

    changed = agent.page.locator(".change")
    expect(changed.locator(".box-past")).to_contain_text("Fabrikam Distribution")
    expect(changed.locator(".box-now")).to_contain_text("Trey Research")
    expect(changed.locator(".box-now")).to_contain_text("+33 1 99 00 47 10")
    expect(agent.page.locator(".pairs")).to_contain_text("Ticket 51203.")
    seen = agent.page.locator(".support-preview")
    expect(seen).to_contain_text("Trey Research")
    expect(seen.get_by_role("link", name="+33 1 99 00 47 10")).to_have_attribute("href", "tel:+33199004710")
    agent.page.reload()  # safe: nothing is sent again
    expect(changed.locator(".box-now")).to_contain_text("Trey Research")
    assert renewed.contact_of(OFFER) == "Trey Research"

    agent.link(agent.say("Close"), exact=True).click()
    expect(agent.heading(agent.say("Customers"))).to_be_visible()
    assert re.match(r"/customers/\?(.*&)?q=Contoso", agent.path)

    sees_whom_to_call(visit(language=language, scripts=scripts, viewport=PHONE))


def sees_whom_to_call(admin: Visitor) -> None:
    admin.sign_in(ADMIN)
    expect(admin.heading(admin.say("Whom to call"))).to_be_visible()
    assert admin.path == "/support/"
    assert admin.page.locator("html").get_attribute("lang") == admin.language
    card = admin.page.locator(".support-card", has=admin.page.get_by_role("heading", name="Trey Research"))
    call = card.locator("a.call", has_text="+33 1 99 00 47 10")
    expect(call).to_have_attribute("href", "tel:+33199004710")
    first = card.locator("a.call").first.bounding_box()  # out of hours the urgent line comes before
    assert first, "The number is not drawn."
    assert first["y"] + first["height"] <= PHONE["height"], "The number is below the fold."
    box = call.bounding_box()
    assert box
    assert min(first["height"], box["height"]) >= 48
    expect(card).to_contain_text(OFFER)
    expect(card).to_contain_text("08:00")
    expect(card).to_contain_text("18:30")
    mail = card.locator("a[href^='mailto:support@treyresearch.example']").first
    assert "subject=" in (mail.get_attribute("href") or "")
    card.locator(".support-tell summary").click()
    told = card.locator(".tell", has_text="9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a")
    expect(told).to_be_visible()
    expect(told).to_contain_text("3b33e682-5a0d-4c1b-9e7f-6d28a1c054e1")
    expect(told).to_contain_text(OFFER)


def test_close_returns_to_the_customer_when_the_list_was_not_used(visit, renewed):
    agent = visit(AGENT)
    agent.go(renewed.urls["Contoso"])
    choose_trey(agent)

    agent.link("Close", exact=True).click()

    expect(agent.heading("Contoso")).to_be_visible()
    assert agent.path == renewed.urls["Contoso"]
    expect(agent.page.get_by_role("row", name=re.compile(f"^{OFFER}"))).to_contain_text("Trey Research")


def test_the_way_on_a_phone_is_the_same(visit, renewed):
    agent = visit(viewport=PHONE, has_touch=True)
    agent.sign_in(AGENT)
    find_contoso_on_a_phone(agent)
    choose_trey(agent)
    assert renewed.contact_of(OFFER) == "Trey Research"


def find_contoso_on_a_phone(agent: Visitor) -> None:
    agent.button("Menu", exact=True).click()
    agent.link("Customers", exact=True).first.click()
    agent.page.get_by_role("searchbox").fill("contoso")
    agent.page.locator("#results").get_by_role("link", name="Contoso", exact=True).click()


def test_sign_in_says_every_word_of_the_form(visit):
    for language, words in {
        "en": ("Email", "Password", "Sign in"),
        "fr": ("E-mail", "Mot de passe", "Se connecter"),
    }.items():
        somebody = visit(language=language)
        somebody.go("/")
        for word in words[:2]:
            expect(somebody.page.get_by_label(word, exact=True)).to_be_visible()
        expect(somebody.button(words[2], exact=True)).to_be_visible()
        with override(language):
            assert somebody.say("Sign in") == words[2]
