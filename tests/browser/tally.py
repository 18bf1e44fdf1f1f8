"""How much the browser tests looked at, said at the end of a run."""

from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests recorded as `scanned`, also in other processes: reports bring it here."""
    scanned: list[Any] = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "scanned"
    ]
    if scanned:
        states = {state for state, _theme, _screen in scanned}
        themes = " and ".join(sorted({theme for _state, theme, _screen in scanned}))
        screens = " and ".join(sorted({screen for _state, _theme, screen in scanned}))
        terminalreporter.write_line(
            f"axe looked at {len(scanned)} pages: {len(states)} pages and states, {themes}, {screens}."
        )
