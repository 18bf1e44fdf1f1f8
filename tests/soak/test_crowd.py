"""More people at once than the database has connections: they queue, or are told when to come again."""

import asyncio
import contextlib
import time
from collections import Counter

import psycopg
import pytest

from tests.soak.stack import CUSTOMER, Reply, Stack, Visitor, p95
from tests.soak.test_connections_ended import job_done_after

CLIENTS, MAX_CONNECTIONS = 500, 20
TOO_MANY = ("too many clients", "remaining connection slots")
END_WEB = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename = 'portal_app' AND application_name <> 'crowd' AND pid <> pg_backend_pid()
"""


async def _one(stack: Stack, path: str, cookie: str) -> Reply:
    began = time.monotonic()
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, IndexError):
        reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
        ask = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        writer.write(ask.encode())
        head, _, body = (await reader.read(-1)).decode(errors="replace").partition("\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        first, *rest = head.split("\r\n")
        named = dict(line.lower().split(": ", 1) for line in rest)
        seconds = time.monotonic() - began
        return Reply(int(first.split()[1]), seconds, body, retry_after=named.get("retry-after", ""))
    return Reply(0, time.monotonic() - began)


async def _all(stack: Stack, path: str, cookie: str, number: int) -> list[Reply]:
    return await asyncio.gather(*(_one(stack, path, cookie) for _ in range(number)))


def cookie_of(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.session.cookies.items())


def words_of_postgresql(stack: Stack) -> str:
    return (stack.var / "database" / "postgresql.log").read_text(errors="replace")


@pytest.mark.soak
def test_five_hundred_at_once_against_small_pools(stack: Stack, say) -> None:
    with open(stack.var / "database" / "data" / "postgresql.conf", "a") as configuration:
        configuration.write(f"max_connections = '{MAX_CONNECTIONS}'\n")
    stack.environ["WEB_WORKERS"] = "2"
    stack.serve()
    visitor = stack.visitor(CUSTOMER).sign_in()
    stack.until(lambda: visitor.get("/support/").status == 200)
    alone = [visitor.get("/support/").seconds for _ in range(20)]
    replies = asyncio.run(_all(stack, "/support/", cookie_of(visitor), CLIENTS))
    ended = time.monotonic()
    used = stack.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'portal_app'")[0][0]
    calm: list[float] = []

    def is_calm() -> bool:
        calm[:] = [visitor.get("/support/").seconds for _ in range(20)]
        return p95(calm) < 2 * max(p95(alone), 0.05)

    stack.until(is_calm)
    settled = time.monotonic() - ended
    answers = Counter(reply.status for reply in replies)
    waited = sorted(reply.seconds for reply in replies)
    say(
        f"{CLIENTS} clients at once, max_connections {MAX_CONNECTIONS} ({used} used): {dict(answers)};"
        f" median {waited[CLIENTS // 2]:.1f} s, slowest {waited[-1]:.1f} s; p95 before {p95(alone) * 1000:.0f} ms,"
        f" {settled:.1f} s after {p95(calm) * 1000:.0f} ms"
    )
    assert set(answers) <= {200, 503}
    assert all(reply.retry_after for reply in replies if reply.status == 503)
    assert not [words for words in TOO_MANY if words in words_of_postgresql(stack)]
    assert settled < 10
    visitor.close()


@pytest.mark.soak
def test_others_have_every_connection(stack: Stack, say) -> None:
    """A readable 503 that says when to come again; when there are connections again, all is well by itself."""
    with open(stack.var / "database" / "data" / "postgresql.conf", "a") as configuration:
        configuration.write(f"max_connections = '{MAX_CONNECTIONS}'\n")
    stack.environ["WEB_WORKERS"] = "2"
    stack.serve()
    visitor = stack.visitor(CUSTOMER).sign_in()
    stack.until(lambda: visitor.get("/support/").status == 200)
    refused: list[Reply] = []

    def taken(holders: contextlib.ExitStack) -> bool:
        """Take every connection that can be had; whoever else has one loses it, and it is taken too."""
        where = {"host": str(stack.var / "database"), "dbname": "portal", "user": "portal_app"}
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                kept = holders.enter_context(
                    psycopg.connect(**where, application_name="crowd", autocommit=True)
                )
                kept.execute(END_WEB)
        reply = visitor.get("/support/")
        if reply.status != 200:
            refused.append(reply)
        return len(refused) >= 10

    with contextlib.ExitStack() as holders:
        stack.until(lambda: taken(holders))
    let_go = time.monotonic()
    stack.until(lambda: visitor.get("/support/").status == 200)
    served, job = time.monotonic() - let_go, job_done_after(stack)
    said = Counter(reply.status for reply in refused)
    say(
        f"No connection to be had: {dict(said)}, each within {max(reply.seconds for reply in refused):.1f} s;"
        f" served again {served:.1f} s after, the job worker {job:.1f} s after that"
    )
    assert any(words in words_of_postgresql(stack) for words in TOO_MANY), (
        "there were connections all the time"
    )
    assert set(said) == {503}
    assert all(reply.retry_after for reply in refused)
    assert all("cannot reach its data" in reply.text for reply in refused)
    assert served < 5
    visitor.close()
