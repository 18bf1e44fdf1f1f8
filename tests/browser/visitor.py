"""Somebody at a browser: a language, a screen, with or without scripts, signed in or not."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext, pgettext
from playwright.sync_api import BrowserContext, Locator, Page, Response

from tests.browser.watch import Watch
from tests.browser.world import PASSWORD, World

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 667}


@dataclass
class Visitor:
    context: BrowserContext
    page: Page
    world: World
    url: str
    watch: Watch
    language: str
    has_scripts: bool

    def say(self, text: str, **values: object) -> str:
        """The portal's words in this visitor's language."""
        with translation.override(self.language):
            return gettext(text) % values if values else gettext(text)

    def say_of(self, about: str, text: str) -> str:
        with translation.override(self.language):
            return pgettext(about, text)

    def go(self, path: str) -> Response:
        response = self.page.goto(self.url + path)
        assert response is not None
        return response

    @property
    def path(self) -> str:
        """Where the page is: path and query."""
        return self.page.url.removeprefix(self.url)

    def link(self, name: str, **options: object) -> Locator:
        return self.page.get_by_role("link", name=name, **options)

    def button(self, name: str, **options: object) -> Locator:
        return self.page.get_by_role("button", name=name, **options)

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name, level=1)

    def sign_in(self, email: str) -> None:
        """With the form, as a person does."""
        self.go("/")
        self.page.get_by_label(self.say("Email"), exact=True).fill(email)
        self.page.get_by_label(self.say("Password"), exact=True).fill(PASSWORD)
        self.button(self.say("Sign in"), exact=True).click()

    def signed_in(self, email: str) -> None:
        """From now on this person, whoever it was."""
        self.context.add_cookies([{"name": "session", "value": self.world.sessions[email], "url": self.url}])

    def open_menu(self, name: str) -> Locator:
        """A menu of the header."""
        self.page.locator("summary", has_text=name).click()
        return self.page.locator("details[open] .menu-panel")
