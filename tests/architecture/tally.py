"""How large the matrix was, said at the end of a run."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests recorded as `cells` and `pages`, also in other processes: reports bring it here."""
    found = {"cells": 0, "pages": 0}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "call":
                continue
            for name, value in report.user_properties:
                if name in found:
                    found[name] += int(value)
    if found["cells"]:
        terminalreporter.write_line(f"Matrix: {found['cells']} cells of route, person, relation and method.")
    if found["pages"]:
        terminalreporter.write_line(f"Crawls for what is not ours: {found['pages']} pages.")
