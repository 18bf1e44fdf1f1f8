"""What holds on every page in every state: looked up in the page itself."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (320, 375, 768, 1024, 1440)
#: A finger on the customer's page meets these; WCAG's own minimum is for everything else.
LEAST, LEAST_CALL = 24, 48

LOOK = Path(__file__).with_name("look.js").read_text()


def faults(page: Page, language: str = "en", widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What is wrong with this page as it stands, at every width."""
    found = []
    before = page.viewport_size
    assert before is not None
    lang = page.locator("html").get_attribute("lang")
    if lang != language:
        found.append(f"lang is {lang}, not {language}")
    for width in widths:
        page.set_viewport_size({"width": width, "height": before["height"]})
        found += [f"at {width}: {fault}" for fault in page.evaluate(LOOK, [LEAST, LEAST_CALL])]
    page.set_viewport_size(before)
    return found


def violations(page: Page) -> list[str]:
    """What axe finds, each with the places."""
    result = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}\n"
        + "\n".join(
            f"    {node['html'][:200]}\n      {node['failureSummary'][:400]}" for node in rule["nodes"][:4]
        )
        for rule in result["violations"]
    ]
