"""From "the reseller's name does not appear" to its card at the customer, and back: every step as people take it."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Locator, expect

from tests.browser.state import E3, command
from tests.browser.visitor import PHONE, Visitor
from tests.browser.world import World
from tests.browser.world_relationships import letters, speaks, story

AGENT, SECOND_AGENT = "admin-agent@fabrikam.example", "two@people.example"
RELECLOUD = "admin-agent@relecloud.example"
THEIR_OTHERS = ("global-admin@relecloud.example", "both@people.example")
ADMIN, OTHER_ADMIN = "admin@contoso.example", "global-admin@contoso.example"
SUPPORT_ADMIN = "support-admin@contoso.example"
FRENCH = (RELECLOUD, ADMIN)
PARTNER_ID, TELEPHONE = "5309418", "+31 20 555 0170"
NAMES = {
    "provider": "Fabrikam Distribution",
    "reseller": "ReleCloud",
    "partner": "ReleCloud",
    "customer": "Contoso",
    "offer": E3,
}


@dataclass
class LetterBox:
    """The mails of one step: each once, to exactly these people, each in its reader's language."""

    world: World
    told: Counter[tuple[str, str]] = field(default_factory=Counter)

    def holds(self, subject: str, *readers: str, subjects: dict[str, str] | None = None) -> None:
        arrived = Counter(self.world.happens(letters))
        new, self.told = arrived - self.told, arrived
        wanted: Counter[tuple[str, str]] = Counter()
        for reader, text in (dict.fromkeys(readers, subject) | (subjects or {})).items():
            language = "fr" if reader in FRENCH else "en"
            with override(language):
                said = gettext(text)
            assert language == "en" or said != text, f"not in French: {text}"
            wanted[reader, " ".join((said % NAMES).split())] += 1  # as on a subject line: no other spaces
        assert new == wanted


def is_done(visitor: Visitor, text: str, **names: object) -> None:
    expect(
        visitor.page.locator("main [role=status]", has_text=visitor.say(text, **names)).last
    ).to_be_visible()


def fabrikam_requests(agent: Visitor) -> None:
    """The request that waits is found by PartnerID; withdrawn, a new one is made, with a note and an agreement."""
    agent.go("/resellers/")
    agent.link("Request a relationship").first.click()
    ask(agent)
    expect(agent.page.get_by_text("no answer yet")).to_be_visible()
    agent.link("Open the request").click()
    agent.link("Withdraw").click()
    agent.button("Withdraw the request").click()
    is_done(agent, "The request to %(reseller)s is withdrawn.", reseller="ReleCloud")

    agent.go("/resellers/request/")
    ask(agent)
    agent.page.get_by_label("Message").fill("For our customers in the Netherlands.")
    agent.page.get_by_label("Agreement reference").fill("FD-2026-077")
    agent.page.get_by_label("What it covers").fill("First level support in Dutch")
    agent.page.get_by_label("Escalation contact").fill("Sanne, +31 20 555 0199")
    agent.button("Request the relationship").click()
    expect(agent.heading("ReleCloud")).to_be_visible()
    expect(agent.page.locator("main")).to_contain_text("FD-2026-077")


def ask(agent: Visitor) -> None:
    agent.page.get_by_label("PartnerID or domain of the reseller").fill(PARTNER_ID)
    agent.button("Find", exact=True).click()


def relecloud_accepts(visit, scripts: bool) -> None:
    """A newcomer follows the mail: letter box, one click to be its reader, its link, the answer."""
    reseller = visit(language="fr", scripts=scripts)
    reseller.go("/demo/mail/")
    mail = reseller.page.get_by_role("row", name=RELECLOUD).first
    mail.get_by_role("link").click()
    expect(reseller.page.locator(".mail-text")).to_contain_text("For our customers in the Netherlands.")
    reseller.page.locator("form[action='/demo-sign-in/'] button").click()
    reseller.page.locator(".mail-text a[href$='/providers/']").click()
    expect(reseller.heading(reseller.say("Providers"))).to_be_visible()
    request = reseller.page.locator(".card-now")
    for text in ("Fabrikam Distribution", "For our customers in the Netherlands.", "FD-2026-077", "Sanne"):
        expect(request).to_contain_text(text)
    request.get_by_role("button", name=reseller.say("Accept")).click()
    is_done(
        reseller, "Accepted. %(provider)s is your provider from now on.", provider="Fabrikam Distribution"
    )
    expect(reseller.page.locator(".card-now")).to_have_count(0)


def fabrikam_requests_rights(agent: Visitor) -> None:
    """From the picker, one click: prefilled with who, where, and the way back."""
    agent.go(agent.world.urls[f"Contoso: {E3}"])
    expect(agent.page.get_by_role("radio", name="ReleCloud")).to_have_count(0)
    row = agent.page.locator("#unavailable .reason", has_text="ReleCloud")
    expect(row).to_contain_text("No delegated admin at Contoso.")
    row.get_by_role("link", name="Request delegated admin").click()
    chosen = agent.page.locator("select[name=reseller] option:checked")
    expect(chosen).to_have_text("ReleCloud")
    agent.page.get_by_label("180 days").check()
    agent.page.get_by_label("Message").fill("They answer in Dutch.")
    agent.button("Request", exact=True).click()
    expect(row).to_contain_text("Requested. Here you are told when it can be chosen.")
    expect(row.get_by_role("button", name="Resend")).to_be_visible()


def contoso_grants(admin: Visitor) -> None:
    admin.go("/partner-relationships/")
    request = admin.page.locator(".card-now", has_text="ReleCloud")
    for text in ("Fabrikam Distribution", "180", "They answer in Dutch."):
        expect(request).to_contain_text(text)
    request.locator("form[action$='/accept/'] button").click()
    expect(admin.page.locator("main [role=status]", has_text="ReleCloud").last).to_be_visible()
    expect(admin.page.locator(".card-now", has_text="ReleCloud")).to_have_count(0)


def fabrikam_designates(agent: Visitor) -> None:
    """Who asked is told, and lands on the subscription with the reseller preselected; nothing is saved yet."""
    agent.go("/")
    told = agent.page.locator(".told", has_text=f"ReleCloud can now be chosen for {E3} at Contoso.")
    told.get_by_role("button").click()
    expect(agent.heading(E3)).to_be_visible()
    expect(agent.page.get_by_role("radio", name="ReleCloud")).to_be_checked()
    assert agent.world.contact_of(E3) == ""
    agent.page.get_by_label("Microsoft 365 Audio Conferencing").uncheck()
    agent.button("Submit", exact=True).click()
    is_done(agent, "Changed.")
    assert agent.world.contact_of(E3) == "ReleCloud"
    agent.go("/")
    expect(agent.page.locator(".told", has_text="ReleCloud")).to_have_count(0)


def card(admin: Visitor, partner: str) -> Locator:
    return admin.page.locator(".support-card", has=admin.page.get_by_role("heading", name=partner))


def contoso_sees_relecloud(admin: Visitor) -> None:
    admin.go("/support/")
    shown = card(admin, "ReleCloud")
    expect(shown).to_contain_text(E3)
    expect(shown.locator("a.call").first).to_have_attribute("href", "tel:+31205550170")
    expect(shown.locator("a.call").first).to_contain_text(TELEPHONE)


def contoso_ends_the_rights(admin: Visitor) -> None:
    """And the very next load shows the provider, in words."""
    admin.go("/partner-relationships/")
    admin.page.get_by_role("row", name="ReleCloud").get_by_role("link").first.click()
    end = admin.say("End admin rights")
    command(admin, end).click()
    admin.page.get_by_label(admin.say("Note")).fill("The project is over.")
    admin.button(end, exact=True).click()
    expect(admin.page.locator("main [role=status]").last).to_contain_text("Fabrikam Distribution")

    admin.go("/support/")
    expect(card(admin, "ReleCloud")).to_have_count(0)
    expect(card(admin, "Fabrikam Distribution").locator("[data-product]", has_text=E3)).to_contain_text(
        admin.say(
            "%(partner)s no longer supports it. Call %(provider)s, who sold it.",
            partner="ReleCloud",
            provider="Fabrikam Distribution",
        )
    )


def fabrikam_repairs(agent: Visitor) -> None:
    agent.go("/support-contacts/?attention=1")
    row = agent.page.get_by_role("row", name=E3).filter(has_text="ReleCloud")
    expect(row).to_contain_text("Delegated admin ended")
    expect(row).to_contain_text("Provider, for now")
    row.get_by_role("link", name="Repair").click()
    expect(agent.heading(E3)).to_be_visible()
    expect(agent.page.locator(".strip")).to_contain_text("Needs attention")
    agent.page.get_by_role("radio", name="Fabrikam Distribution").check()
    agent.button("Submit", exact=True).click()
    is_done(agent, "Changed.")
    assert agent.world.contact_of(E3) == ""
    agent.go("/support-contacts/?attention=1")
    expect(agent.heading("Support contacts")).to_be_visible()
    expect(agent.page.locator("#results")).not_to_contain_text("ReleCloud")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_reseller_is_asked_granted_designated_and_ended(visit, renewed, scripts):
    for person in FRENCH:
        renewed.happens(speaks, person, "fr")
    agent = visit(AGENT, scripts=scripts)
    admin = visit(ADMIN, scripts=scripts, language="fr", viewport=PHONE)
    box = LetterBox(renewed, Counter(renewed.happens(letters)))
    agents, theirs = (AGENT, SECOND_AGENT), (RELECLOUD, *THEIR_OTHERS)

    fabrikam_requests(agent)
    box.holds("“%(provider)s” asks you for a reseller relationship", *theirs)

    relecloud_accepts(visit, scripts)
    box.holds("“%(reseller)s” accepted your relationship", *agents)

    fabrikam_requests_rights(agent)
    box.holds("“%(partner)s” asks for admin rights at “%(customer)s”", ADMIN, OTHER_ADMIN)

    contoso_grants(admin)
    own = dict.fromkeys(theirs, "“%(customer)s” accepted: you have admin rights there")
    box.holds("“%(customer)s” accepted: “%(partner)s” has admin rights there", *agents, subjects=own)

    fabrikam_designates(agent)
    own = dict.fromkeys(theirs, "You are now the support contact for “%(offer)s” of “%(customer)s”")
    box.holds(
        "Call “%(partner)s” for “%(offer)s” from now on", ADMIN, OTHER_ADMIN, SUPPORT_ADMIN, subjects=own
    )

    contoso_sees_relecloud(admin)
    contoso_ends_the_rights(admin)
    own = dict.fromkeys(theirs, "“%(customer)s” ended your admin rights")
    agents = (*agents, "global-admin@fabrikam.example")
    box.holds("“%(customer)s” ended the admin rights of “%(partner)s”", *agents, subjects=own)

    fabrikam_repairs(agent)
    box.holds("You are no longer the support contact for “%(offer)s” of “%(customer)s”", *theirs)

    told = renewed.happens(story, "ReleCloud")
    assert [action for action, _who in told] == [
        "reseller_relationship.withdrawn",
        "reseller_relationship.requested",
        "reseller_relationship.established",
        "customer_relationship.requested",
        "delegated_admin.requested",
        "customer_relationship.established",
        "delegated_admin.established",
        "designation.made",
        "delegated_admin.ended",
        "designation.ended",
    ]
    who = [email for _action, email in told]
    assert who == [AGENT, AGENT, RELECLOUD, AGENT, AGENT, ADMIN, ADMIN, AGENT, ADMIN, AGENT]
