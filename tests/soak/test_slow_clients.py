"""Three hundred people on very slow lines: nobody else notices."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.soak.stack import CUSTOMER, Stack, p95
from tests.soak.test_crowd import cookie_of

EACH, ASKED = 100, 60
HEAD = "GET /support/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = (
    "POST /demo-sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: csrf={token}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nuser="
)
READER = "GET /support/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"


@contextlib.contextmanager
def slow(stack: Stack, begin: str) -> Iterator[list[socket.socket]]:
    """So many who say the beginning of a request, and who take what they are sent a little at a time, if at all."""
    with contextlib.ExitStack() as kept:
        clients = []
        for _ in range(EACH):
            client = kept.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(20)
            client.connect(("127.0.0.1", stack.port))
            client.sendall(begin.encode())
            clients.append(client)
        yield clients


@pytest.mark.soak
def test_three_hundred_slow_clients(stack: Stack, say) -> None:
    stack.environ["WEB_WORKERS"] = "2"
    stack.serve()
    visitor = stack.visitor(CUSTOMER).sign_in()
    stack.until(lambda: visitor.get("/support/").status == 200)
    begins = {
        "headers": HEAD,
        "bodies": BODY.format(port=stack.port, token="a" * 32),
        "readers": READER.format(cookie=cookie_of(visitor)),
    }
    alone = [visitor.get("/support/").seconds for _ in range(ASKED)]
    measured: dict[str, list[float]] = {}
    with contextlib.ExitStack() as kept:
        everybody = []
        for kind, begin in begins.items():
            clients = kept.enter_context(slow(stack, begin))
            everybody.append((kind, clients))
            measured[kind] = []
            for number in range(ASKED):
                # A byte more from or for one of each: slow, not silent.
                for what, theirs in everybody:
                    with contextlib.suppress(OSError):
                        client = theirs[number % EACH]
                        client.sendall(b"a") if what != "readers" else client.recv(1)
                reply = visitor.get("/support/")
                assert reply.status == 200, (kind, reply.status, reply.seconds)
                measured[kind].append(reply.seconds)
    again = [visitor.get("/support/").seconds for _ in range(ASKED)]
    before = (p95(alone) + p95(again)) / 2
    figures = ", ".join(
        f"{p95(seconds) * 1000:.0f} ms with slow {kind}" for kind, seconds in measured.items()
    )
    say(
        f"{EACH} slow clients of each kind, at last {EACH * len(begins)}: others' p95 {p95(alone) * 1000:.0f} ms"
        f" before, {figures}, {p95(again) * 1000:.0f} ms after"
    )
    # A machine that does other things at the same time has slow moments of its own.
    assert all(p95(seconds) <= 2 * max(before, 0.05) for seconds in measured.values())
    visitor.close()
