"""What the log says while everything is done that can be done: no name, no address, no mail, no token, no search."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from django.urls import reverse

from portal import logs
from portal.identifiers import canonical_guid
from tests.architecture.cast import ANONYMOUS, EVERYBODY
from tests.architecture.routes import ROUTES
from tests.architecture.test_matrix import CALLS
from tests.architecture.world import PASSWORD

PEOPLE = [
    ANONYMOUS,
    *(p for p in EVERYBODY if str(p) in {f"{name}/global_admin" for name in ("fabrikam", "trey", "contoso")}),
]
SEARCHED = "Zqsearchedx"
FORBIDDEN = re.compile(r"(?i)zq[a-z]+x|[\w.+-]+@[\w.-]+|csrfmiddlewaretoken|sessionid|" + re.escape(PASSWORD))


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """The log as production writes it."""
    configured = logs.configured(for_machines=True, level="INFO")
    line = configured["formatters"]["line"]
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=line["foreign_pre_chain"], processors=line["processors"]
        )
    )
    handler.addFilter(configured["filters"]["ours"]["()"]())
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "portal.requests")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO)
    loggers[0].addHandler(handler)
    yield out
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize(("name", "method"), CALLS)
def test_nobody_is_in_the_log(stage, said: io.StringIO, name: str, method: str) -> None:
    entry, asked = ROUTES[name], 0
    for person in PEOPLE:
        for target in entry.targets(stage.world, person):
            url = reverse(name, args=target.args)
            fields = entry.fields(stage.world, person, target) if method == "POST" else {"q": SEARCHED}
            stage.ask(person, method, url, fields)
            asked += 1
    text = said.getvalue()
    if name in ("healthz", "readyz", "metrics"):
        assert not text
        return
    assert text.count('"event": "request"') == asked
    assert f'"view": "{name}"' in text
    found = {match.group() for match in FORBIDDEN.finditer(text)}
    assert not found, text[:3000]
    tokens = {
        str(part)
        for person in PEOPLE
        for target in entry.targets(stage.world, person)
        for part in target.args
    }
    assert not {token for token in tokens if canonical_guid(token) is None and token in text}
