"""Every page in every state: axe finds nothing, and what `checks.py` says of every page holds.

In every run each state is seen once, every third with its contrasts; the long run (`make soak`) sees all of them in
both themes and widths, contrasts included.
"""

import pytest

from tests.browser.checks import faults, violations
from tests.browser.states import STATES, State
from tests.browser.visitor import DESKTOP, PHONE

SCREENS = {"desktop": DESKTOP, "phone": PHONE}
#: With every state once: light on a desktop and dark on a phone, by turns.
BY_TURNS = (("light", "desktop"), ("dark", "phone"))
EVERY = [(theme, screen) for theme in ("light", "dark") for screen in SCREENS]


def see(look, state: State, theme: str, screen: str, record_property, *, contrast: bool = True) -> None:
    visitor = look(state.person, viewport=SCREENS[screen], color_scheme=theme)
    try:
        state.reach(visitor)
        found = violations(visitor.page, contrast=contrast) + faults(visitor.page)
    finally:
        if state.writes:
            visitor.world.databases.renew()
    record_property("scanned", (state.name, theme, screen))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("state", "theme", "screen", "contrast"),
    [
        pytest.param(
            state,
            *BY_TURNS[number % 2],
            number % 3 == 0,
            id=f"{state.name} - {' '.join(BY_TURNS[number % 2])}",
        )
        for number, state in enumerate(STATES)
    ],
)
def test_page_in_its_state(look, state, theme, screen, contrast, record_property):
    see(look, state, theme, screen, record_property, contrast=contrast)


@pytest.mark.soak
@pytest.mark.parametrize(("theme", "screen"), EVERY, ids=[" ".join(pair) for pair in EVERY])
@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_page_in_its_state_in_every_theme_and_width(look, state, theme, screen, record_property):
    see(look, state, theme, screen, record_property)
