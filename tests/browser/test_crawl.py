"""Everybody's portal, link by link, in French: every page opens, fits every screen, and nothing complains."""

import re
from collections import deque
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.checks import faults
from tests.browser.state import (
    AGENT,
    BILLING,
    CONTOSO,
    NORTHWIND,
    PHONE_COMPANY,
    RELECLOUD,
    SALES,
    SMEHSA,
    TREY,
    USERS,
    VANARSDEL,
)
from tests.browser.visitor import Visitor
from tests.browser.world import NEW_CUSTOMER, NEW_PROVIDER, NIGHT, NOBODY
from tests.browser.world_relationships import MANY, NEW_RESELLER

#: Each kind of person, and how many kinds of pages they find at least.
PEOPLE = {
    "": 2,
    AGENT: 14,
    SALES: 14,
    BILLING: 4,
    USERS: 6,
    TREY: 6,
    PHONE_COMPANY: 8,
    RELECLOUD: 6,
    VANARSDEL: 8,
    CONTOSO: 6,
    "support-admin@contoso.example": 4,
    NORTHWIND: 5,
    SMEHSA: 6,
    NOBODY: 2,
    NEW_PROVIDER: 6,
    NEW_RESELLER: 5,
    MANY: 14,
    NEW_CUSTOMER: 5,
    NIGHT: 5,
}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def kind(path: str) -> tuple[str, ...]:
    """Addresses that are the same page of something else."""
    parts = urlsplit(path)
    query = sorted(
        name if name not in ("show",) else f"{name}={value}" for name, value in parse_qsl(parts.query)
    )
    return ID.sub("*", parts.path), *(name for name in query if name != "from")


def links(visitor: Visitor) -> list[str]:
    found = visitor.page.locator("a[href]").evaluate_all("all => all.map((link) => link.href)")
    return [
        href.removeprefix(visitor.url).partition("#")[0]
        for href in found
        if href.startswith(f"{visitor.url}/")
    ]


#: Their pages are those of somebody else here, with fewer buttons, other rows or more organisations to choose from.
IN_THE_LONG_RUN = {
    SALES,
    BILLING,
    USERS,
    MANY,
    RELECLOUD,
    VANARSDEL,
    "support-admin@contoso.example",
    NORTHWIND,
    SMEHSA,
}


@pytest.mark.parametrize(
    "email",
    [
        pytest.param(
            email,
            id=email or "nobody signed in",
            marks=[pytest.mark.soak] if email in IN_THE_LONG_RUN else [],
        )
        for email in PEOPLE
    ],
)
def test_every_link_of_this_person_opens_a_page_that_fits(look, email):
    visitor = look(email, language="fr")
    waiting, met, wrong = deque(["/"]), {kind("/")}, []
    while waiting:
        path = waiting.popleft()
        if "/export/" in path:
            saved = visitor.page.request.get(visitor.url + path)
            if saved.status != 200 or not saved.headers["content-disposition"].startswith("attachment"):
                wrong.append(f"{path}: {saved.status}, not a file")
            continue
        if path.endswith(".json"):  # for programs
            told = visitor.page.request.get(visitor.url + path)
            if told.status != 200 or not told.headers["content-type"].startswith("application/json"):
                wrong.append(f"{path}: {told.status}, not JSON")
            continue
        response = visitor.go(path)
        if response.status != 200:
            wrong.append(
                f"{path}: {response.status}, from {response.request.headers.get('referer', 'the start')}"
            )
            continue
        wrong += [f"{path} {fault}" for fault in faults(visitor.page, language="fr")]
        for link in links(visitor):
            # Of filters one by one, not of all they make together.
            if kind(link) not in met and not (kind(link)[1:] and kind(path)[1:]):
                met.add(kind(link))
                waiting.append(link)
    assert not wrong, "\n".join(wrong)
    assert len(met) >= PEOPLE[email], sorted(met)


def test_pages_are_whole_in_both_directions_of_zoom(visit, world):
    """At 400 % of a screen of 1280 × 1024 the page is read in one column: WCAG's reflow."""
    agent = visit(AGENT, viewport={"width": 320, "height": 256})
    for path in (world.urls["Contoso"], world.urls["Contoso: Microsoft 365 E3"], "/customers/?q=donau"):
        agent.go(path)
        assert not faults(agent.page, widths=(320,))
        header = agent.page.locator("header.top")
        expect(header).to_be_visible()
        box = header.bounding_box()
        assert box
        assert box["height"] < 256 / 2, "The header leaves too little to read."
