"""What the log says of a failure: where it was, never what was in it."""

import logging
import smtplib
import sys

import pytest
import structlog
from psycopg.errors import UniqueViolation

from portal import logs
from portal.permissions import Role
from tests.factories import MembershipFactory, ProviderFactory

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


@pytest.mark.parametrize(
    ("for_machines", "level", "said"),
    [
        (True, "INFO", "INFO"),
        (False, "INFO", "WARNING"),
        (False, "DEBUG", "DEBUG"),
        (False, "ERROR", "ERROR"),
    ],
)
def test_a_terminal_is_told_of_no_request_and_no_job_unless_it_asks(for_machines, level, said):
    loggers = logs.configured(for_machines=for_machines, level=level)["loggers"]
    often = "portal.requests", "portal.working", "portal.seals.sealing"
    assert {loggers[name]["level"] for name in often} == {said}


def formatted(error: BaseException, *, name: str = "portal", **more: object) -> str:
    configured = logs.configured(for_machines=True, level="WARNING")
    line = configured["formatters"]["line"]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=line["foreign_pre_chain"], processors=line["processors"]
    )
    try:
        raise error
    except type(error):
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, "failed: %s", (SECRET,), sys.exc_info())
    record.__dict__.update(more)
    return formatter.format(record) if configured["filters"]["ours"]["()"]().filter(record) else ""


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (smtplib.SMTPRecipientsRefused({SECRET: (550, SECRET.encode())}), "smtplib.SMTPRecipientsRefused"),
        (smtplib.SMTPDataError(554, SECRET.encode()), "smtplib.SMTPDataError: 554"),
        (UniqueViolation(f"Key (email)=({SECRET}) already exists."), "UniqueViolation: 23505"),
        (ValueError(SECRET), "ValueError"),
        (KeyError(SECRET), "KeyError"),
        (AttributeError("'Actor' object has no attribute 'x'"), "has no attribute 'x'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_message_that_may_quote_anybody_is_not_repeated(error, kept):
    said = formatted(error, request=object(), status_code=500)
    assert kept in said
    assert "test_logs.py" in said
    assert SECRET not in said


def test_nor_is_that_of_what_it_came_from():
    error = RuntimeError()
    error.__cause__ = ValueError(SECRET)
    said = formatted(error, request=object(), status_code=500)
    assert "ValueError" in said
    assert SECRET not in said


def test_djangos_line_of_a_refusal_names_the_address_and_is_dropped():
    record = logging.LogRecord(
        "django.request", logging.WARNING, __file__, 1, "Not Found: /join/x/", (), None
    )
    record.request, record.status_code = object(), 404
    assert not logs.configured(for_machines=True, level="INFO")["filters"]["ours"]["()"]().filter(record)


@pytest.mark.django_db
def test_a_request_is_one_line_with_who_and_what(client, caplog):
    member = MembershipFactory(organisation=ProviderFactory().organisation, roles=[Role.GLOBAL_ADMIN])
    client.force_login(member.user)
    with caplog.at_level(logging.INFO, "portal.requests"):
        response = client.get("/organisation/members/?q=camille")
        bound = structlog.contextvars.get_contextvars()
    (line,) = [record for record in caplog.records if record.name == "portal.requests"]
    assert (line.view, line.method, line.status) == ("organisation:members", "GET", 200)
    assert line.ms > 0
    assert bound == {
        "request_id": response["X-Request-ID"],
        "organisation": str(member.organisation_id),
        "user": str(member.user_id),
    }
