"""What the log says of a failure: where it was, never what was in it."""

import logging
import sys

import pytest
import structlog

from portal import logs

SECRET = "portal_" + "5" * 64


@pytest.mark.parametrize("for_machines", [True, False])
def test_a_traceback_tells_no_values(for_machines):
    line = logs.configured(for_machines=for_machines, level="WARNING")["formatters"]["line"]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=line["foreign_pre_chain"], processors=line["processors"]
    )

    def fail(given):
        raise ZeroDivisionError

    try:
        fail(SECRET)
    except ZeroDivisionError:
        record = logging.LogRecord("portal", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    said = formatter.format(record)
    assert "ZeroDivisionError" in said
    assert "in fail" in said
    assert SECRET not in said


def test_a_terminal_has_plain_tracebacks_whatever_is_installed():
    processors = logs.configured(for_machines=False, level="WARNING")["formatters"]["line"]["processors"]
    assert processors[-1]._exception_formatter is structlog.dev.plain_traceback
