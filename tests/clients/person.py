"""Somebody with a browser: signs in, makes an integration, copies its secret, revokes it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin
from uuid import uuid4

import requests

PASSWORD = "demo-portal-2026"


@dataclass
class Form:
    action: str
    label: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class Credential:
    """What the page of an integration shows."""

    page: str
    tenant: str
    client_id: str
    secret: str
    token_url: str
    scope: str


class Person:
    def __init__(self, root: str) -> None:
        self.root = root
        self.session = requests.Session()
        self.session.trust_env = False

    def sign_in(self, email: str) -> "Person":
        page = self._get("/")
        form = next(form for form in page.forms if "password" in form.values)
        self._submit(page, form, login=email, password=PASSWORD)
        return self

    def sign_in_with_one_click(self, organisation: str, role: str) -> "Person":
        page = self._get("/")
        form = next(form for form in page.forms if form.label == organisation)
        name, value = form.buttons[role]
        self._submit(page, form, **{name: value})
        return self

    def make_integration(self, role: str = "admin_agent") -> Credential:
        page = self._get("/organisation/credentials/new/")
        form = next(form for form in page.forms if "expires" in form.values)
        tenant = form.values["organisation"]
        made = self._submit(page, form, name=f"Check of the clients {uuid4()}", role=role)
        secret = next(text for text in made.copies if text.startswith("portal_"))
        token_url = next(text for text in made.copies if text.endswith("/oauth2/v2.0/token"))
        scope = next(text for text in made.copies if text.endswith("/.default"))
        return Credential(made.url, tenant, made.url.split("/")[-2], secret, token_url, scope)

    def revoke(self, credential: Credential) -> None:
        page = self._get(credential.page + "revoke/")
        self._submit(page, next(form for form in page.forms if not form.label and "next" not in form.values))

    def _get(self, address: str) -> "Page":
        return self._read(self.session.get(urljoin(self.root, address), timeout=60))

    def _submit(self, page: "Page", form: Form, **given: str) -> "Page":
        address = urljoin(page.url, form.action)
        data = {**form.values, **given}
        return self._read(self.session.post(address, data=data, headers={"Referer": page.url}, timeout=60))

    def _read(self, answer: requests.Response) -> "Page":
        assert answer.status_code == 200, f"{answer.request.method} {answer.url}: {answer.status_code}"
        page = Page(answer.url)
        page.feed(answer.text)
        return page


class Page(HTMLParser):
    """The forms of a page's main part, and what its copy buttons copy."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.copies: list[str] = []
        self.inside = False
        self.button: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.inside = True
        if not self.inside:
            return
        if "data-copy" in given:
            self.copies.append(given["data-copy"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("aria-label", "")))
        elif tag in ("input", "select", "textarea") and self.forms and given.get("type") != "radio":
            self.forms[-1].values[given.get("name", "")] = given.get("value", "")
        elif tag == "button" and self.forms:
            self.button = given.get("name", ""), given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.button and data.strip():
            self.forms[-1].buttons[data.strip()] = self.button

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self.button = None
        if tag == "main":
            self.inside = False
