"""Reading everything a person can reach: links, lists, search forms, fragments."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.http.response import HttpResponseBase

from tests.architecture.cast import Person
from tests.architecture.conftest import Stage

#: Addresses of one page that differ in their query only: of a list enough for each filter, sort and way of a pager.
VARIANTS_OF_A_LIST, VARIANTS_OF_A_ROW = 14, 2


@dataclass
class Form:
    """A form that asks: where it goes, what can be typed, what can be chosen."""

    action: str
    method: str
    typed: list[str] = field(default_factory=list)
    chosen: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.swapped: set[str] = set()
        self._name = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attributes}
        for name in ("href", "hx-get"):
            if name in has and tag != "link":
                self.links.append(urljoin(self.url, has[name]))
                if name == "hx-get":
                    self.swapped.add(self.links[-1])
        if tag == "form":
            action = urljoin(self.url, has.get("action") or urlsplit(self.url).path)
            self.forms.append(Form(action.partition("#")[0], has.get("method", "get").lower()))
        elif self.forms and tag in ("input", "select", "textarea", "button") and has.get("name"):
            self._name = has["name"]
            if tag == "input" and has.get("type", "text") in ("text", "search", "date"):
                self.forms[-1].typed.append(self._name)
            elif has.get("value"):
                self.forms[-1].chosen.setdefault(self._name, []).append(has["value"])
        elif self.forms and tag == "option" and has.get("value"):
            self.forms[-1].chosen.setdefault(self._name, []).append(has["value"])

    @property
    def swaps_itself(self) -> bool:
        """Whether some part of the page asks for its own address again, in another state."""
        return urlsplit(self.url).path in {urlsplit(link).path for link in self.swapped}

    @property
    def asking(self) -> list[Form]:
        return [form for form in self.forms if form.method == "get"]


def body_of(response: HttpResponseBase) -> str:
    """What was answered, to its last piece: exports are written while they are sent."""
    return b"".join(response).decode()  # type: ignore[arg-type]


def shape(url: str) -> str:
    """An address without its ids: one for all pages of a kind."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", urlsplit(url).path)


@dataclass
class Reading:
    """What was read: bodies by address, and the forms that were met, one of a kind."""

    bodies: dict[str, str] = field(default_factory=dict)
    forms: dict[tuple[str, tuple[str, ...]], Form] = field(default_factory=dict)
    parameters: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.bodies.values())


def read_everything(
    stage: Stage, person: Person, *, start: Iterable[str] = ("/",), words: Iterable[str] = ()
) -> Reading:
    """Every page this person can come to, from `start` on, typing `words` into every form that asks.

    What htmx would swap in is read twice, as the page and as the fragment.
    """
    reading, waiting, variants = Reading(), deque(start), Counter[str]()
    known, asked = set(waiting), set[str]()
    while waiting:
        url = waiting.popleft()
        response = stage.ask(person, "GET", url)
        if response.status_code in (301, 302, 303):
            found = [urljoin(url, response["Location"])]
        else:
            # A question may be refused, a word that is no date say; the refusal is read like any page.
            may = (200, 422) if url in asked else (200,)
            assert response.status_code in may, f"{person} was led to {url}: {response.status_code}"
            body = reading.bodies[url] = body_of(response)
            page = Page(url, body)
            questions = list(_questions(page, words))
            asked.update(questions)
            found = [*page.links, *questions]
            _remember(reading, page)
            if url in page.swapped or page.swaps_itself:
                fragment = stage.ask(person, "GET", url, headers={"HX-Request": "true"})
                reading.bodies[f"{url} (fragment)"] = body_of(fragment)
        for link in found:
            address = urlsplit(link)
            target = f"{address.path}?{address.query}" if address.query else address.path
            is_ours = not address.scheme and not address.netloc and not address.path.startswith("/static/")
            if not is_ours or target in known:
                continue
            known.add(target)
            if address.query:
                variants[address.path] += 1
                most = VARIANTS_OF_A_ROW if "…" in shape(address.path) else VARIANTS_OF_A_LIST
                if variants[address.path] > most:
                    continue
            waiting.append(target)
    return reading


def _questions(page: Page, words: Iterable[str]) -> Iterator[str]:
    """Addresses a person makes by filling in the page's forms."""
    for form in page.asking:
        for name in form.typed:
            for word in words:
                yield f"{form.action}?{urlencode({name: word})}"
        for name, values in form.chosen.items():
            for value in values:
                yield f"{form.action}?{urlencode({name: value})}"


def _remember(reading: Reading, page: Page) -> None:
    for form in page.asking:
        reading.forms.setdefault((shape(form.action), tuple(form.typed)), form)
    for link in (page.url, *page.links):
        asked = {name for name, _value in parse_qsl(urlsplit(link).query)}
        if asked and not urlsplit(link).netloc and not urlsplit(link).scheme:
            addresses = reading.parameters.setdefault(shape(link), {})
            addresses.setdefault(urlsplit(link).path, set()).update(asked)


_PASSING = [
    (re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]+'), r"\1…"),
    (re.compile(r'("x-csrftoken": ")[^"]+'), r"\1…"),
]


def settled(body: str, *, request_id: str = "", but: Iterable[str] = ()) -> str:
    """A body without what differs between two readings of the same: tokens, the request's id, and what was asked."""
    for pattern, into in _PASSING:
        body = pattern.sub(into, body)
    for text in (request_id, *but):
        body = body.replace(text, "…") if text else body
    return body
