"""The API's documentation in every theme, on every screen, in both languages: the longest page there is."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import faults, violations
from tests.browser.states_api_docs import DOCS
from tests.browser.test_states import EVERY, SCREENS


@pytest.mark.parametrize(("theme", "screen"), EVERY, ids=[" ".join(pair) for pair in EVERY])
def test_in_every_theme_and_width(visit, theme, screen, record_property):
    anybody = visit(viewport=SCREENS[screen], color_scheme=theme, reduced_motion="reduce")
    anybody.go(DOCS)

    found = violations(anybody.page) + faults(anybody.page)

    record_property("scanned", ("API documentation", theme, screen))
    assert not found, "\n".join(found)


def test_in_french_and_without_scripts(visit):
    anybody = visit(language="fr", scripts=False)
    anybody.go(DOCS)

    assert anybody.page.locator("html").get_attribute("lang") == "fr"
    expect(anybody.page.locator("#update-support-contact")).to_contain_text("/supportcontact")


def test_a_link_of_the_contents_leads_to_its_group(visit):
    anybody = visit()
    anybody.go(DOCS)

    anybody.page.locator("nav.filters").get_by_role("link", name="Subscriptions").click()

    expect(anybody.page.locator("#subscriptions-title")).to_be_in_viewport()
