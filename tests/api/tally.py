"""How much was fuzzed, said at the end of a run."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests recorded as `fuzzed` when they were over, also in other processes: reports bring it here."""
    found = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == "fuzzed"
    ]
    if found:
        cases, calls, failed = (sum(numbers) for numbers in zip(*found, strict=True))
        terminalreporter.write_line(
            f"Schemathesis: {cases} calls of {len(found)} operations and callers, {calls} with those that try "
            f"them without a bearer; {failed} answered 5xx."
        )
