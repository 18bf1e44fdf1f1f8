"""Every page in every state: axe finds nothing, and what `checks.py` says of every page holds.

Every run sees two states of every page, once each; the long run (`make soak`) all of them, in both themes and widths.
"""

import pytest

from tests.browser.checks import faults, violations
from tests.browser.states import STATES, State
from tests.browser.visitor import DESKTOP, PHONE

SCREENS = {"desktop": DESKTOP, "phone": PHONE}
#: With every state once: light on a desktop and dark on a phone, by turns.
BY_TURNS = (("light", "desktop"), ("dark", "phone"))
EVERY = [(theme, screen) for theme in ("light", "dark") for screen in SCREENS]


def in_every_run() -> list[State]:
    """The first two states of each page, which its name begins with."""
    found: dict[str, list[State]] = {}
    for state in STATES:
        found.setdefault(state.name.partition(",")[0], []).append(state)
    return [state for states in found.values() for state in states[:2]]


def see(look, state: State, theme: str, screen: str, record_property) -> None:
    visitor = look(state.person, viewport=SCREENS[screen], color_scheme=theme)
    try:
        state.reach(visitor)
        found = violations(visitor.page) + faults(visitor.page)
    finally:
        if state.writes:
            visitor.world.databases.renew()
    record_property("scanned", (state.name, theme, screen))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("state", "theme", "screen"),
    [
        pytest.param(state, *BY_TURNS[number % 2], id=f"{state.name} - {' '.join(BY_TURNS[number % 2])}")
        for number, state in enumerate(in_every_run())
    ],
)
def test_page_in_its_state(look, state, theme, screen, record_property):
    see(look, state, theme, screen, record_property)


@pytest.mark.soak
@pytest.mark.parametrize(("theme", "screen"), EVERY, ids=[" ".join(pair) for pair in EVERY])
@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_page_in_its_state_in_every_theme_and_width(look, state, theme, screen, record_property):
    see(look, state, theme, screen, record_property)
