"""One world, one web server and one Chromium for the browser tests of a worker."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.databases import Databases
from tests.browser.server import Server
from tests.browser.visitor import DESKTOP, Visitor
from tests.browser.watch import Watch
from tests.browser.world import World

#: The first draws the same pages without a window around each of them, which takes about a third less time.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Only a machine with too much to do needs it; nothing waits for it otherwise.
PATIENCE = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Package, not session: Playwright's event loop must be gone when other tests of this worker use the database.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail(
            "The browser tests need Chromium; install it with the system's package manager"
            " (Debian, Ubuntu: sudo apt-get install chromium).",
            pytrace=False,
        )
    browser = playwright.chromium.launch(executable_path=found, args=FLAGS, timeout=PATIENCE)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def whole_world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, str]]:
    """The seeded databases and the address of a server on them."""
    databases = Databases(django_db_blocker)
    try:
        world = World.make(databases)
        databases.mail = tmp_path_factory.mktemp("mail")
        server = Server({**databases.app, "NAME": databases.served}, databases.mail)
        try:
            yield world, server.url()
        finally:
            server.stop()
    finally:
        databases.close()


@pytest.fixture
def db() -> None:
    """Asking for it makes pytest-django make the test database, which ours are copies of; no transaction here."""


@pytest.fixture
def world(db: None, whole_world: tuple[World, str]) -> Iterator[World]:
    return whole_world[0]


@pytest.fixture
def renewed(world: World) -> Iterator[World]:
    """For a test that writes: the next one finds the world as it was."""
    yield world
    world.databases.renew()


@pytest.fixture
def visit(db: None, whole_world: tuple[World, str], chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors. Whatever their browsers complained of fails the test at its end."""
    world, url = whole_world
    visitors: list[Visitor] = []

    def make(
        email: str = "",
        *,
        language: str = "en",
        scripts: bool = True,
        viewport: dict[str, int] = DESKTOP,
        **options: object,
    ) -> Visitor:
        context = chromium.new_context(
            **somewhere(language), java_script_enabled=scripts, viewport=viewport, **options
        )
        context.set_default_timeout(PATIENCE)
        watch = Watch(context, url)
        visitors.append(Visitor(context, context.new_page(), world, url, watch, language, scripts))
        if email:
            visitors[-1].signed_in(email)
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    complaints = [text for visitor in visitors for text in visitor.watch.complaints]
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="package")
def kept(
    whole_world: tuple[World, str], chromium: Browser
) -> Iterator[dict[str, tuple[BrowserContext, Watch]]]:
    """Browsers that stay open from test to test, by language: what pages are made of is fetched once."""
    url, found = whole_world[1], {}
    for language in ("en", "fr"):
        context = chromium.new_context(**somewhere(language), reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        found[language] = context, Watch(context, url)
    yield found
    for context, _watch in found.values():
        context.close()


@pytest.fixture
def look(
    db: None, whole_world: tuple[World, str], kept: dict[str, tuple[BrowserContext, Watch]]
) -> Iterator[Callable[..., Visitor]]:
    """Makes the one visitor of a test that only looks: a new page, nobody's cookies, in a browser that was open."""
    world, url = whole_world
    visitors: list[Visitor] = []

    def make(
        email: str = "",
        *,
        language: str = "en",
        viewport: dict[str, int] = DESKTOP,
        color_scheme: str = "light",
    ) -> Visitor:
        context, watch = kept[language]
        page = context.new_page()
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme)
        visitors.append(Visitor(context, page, world, url, watch, language, True))
        if email:
            visitors[-1].signed_in(email)
        return visitors[-1]

    yield make
    complaints = []
    for visitor in visitors:
        for page in visitor.context.pages:
            page.close()
        visitor.context.unroute_all()
        visitor.context.clear_cookies()
        complaints += visitor.watch.complaints
        visitor.watch.complaints.clear()
    assert not complaints, "\n".join(complaints)


def somewhere(language: str) -> dict[str, str]:
    """What a browser tells of where it is."""
    return {"locale": {"en": "en-GB", "fr": "fr-FR"}[language], "timezone_id": "Europe/Paris"}
