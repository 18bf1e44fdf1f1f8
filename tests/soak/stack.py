"""The whole portal of a demonstration, and people at browsers who use it."""

import contextlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import requests

from tests.portal.test_serve import Portal

ADMIN_AGENT, CUSTOMER = "admin-agent@fabrikam.example", "admin@contoso.example"
#: Subscriptions of Fabrikam whose contact it may choose, with somebody else to choose from.
CHOICES = """
SELECT s.id, s.customer_id, s.microsoft_id FROM subscriptions_subscription s
JOIN portal_organisation provider ON provider.id = s.provider_id
JOIN portal_organisation customer ON customer.id = s.customer_id
WHERE provider.domain = 'fabrikam.example' AND customer.domain = 'contoso.example'
      AND s.status = 'active' AND NOT s.is_new_commerce AND s.parent_id IS NULL ORDER BY s.microsoft_id
"""
USER = "SELECT id FROM portal_user WHERE email = '{}'"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_RADIO = re.compile(r'<input type="radio" name="partner" value="([^"]+)"( checked)?')
_VERIFY = re.compile(r"/verify/([0-9a-f-]{36})/")


class Stack(Portal):
    """A portal whose processes this test starts, breaks and ends."""

    def __init__(self, var: Path) -> None:
        super().__init__(var)
        self.environ["LOG_LEVEL"] = "WARNING"
        (var / "serve.log").touch()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def postmaster(self) -> psutil.Process:
        """Of all that serves the data directory, the one whose parent does not."""
        found = self.named("-k", str(self.var / "database"))
        pids = {process.pid for process in found}
        (first,) = [process for process in found if process.ppid() not in pids]
        return first

    def superuser(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.var / "database"), dbname="portal", user="postgres", autocommit=True
        )

    def visitor(self, email: str = ADMIN_AGENT) -> "Visitor":
        return Visitor(self, email)

    def close(self) -> None:
        self.until(self._is_gone)
        if self.served:
            self.served.wait()

    def _is_gone(self) -> bool:
        """Kill what is there; whoever was starting something meanwhile has it killed the next time."""
        found = self.processes()
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return all(process.pid == self._served_pid() for process in found)

    def _served_pid(self) -> int:
        return self.served.pid if self.served else 0


@dataclass(frozen=True)
class Reply:
    """What came back: a status, or 0 where no answer came."""

    status: int
    seconds: float
    text: str = ""
    location: str = ""
    retry_after: str = ""


class Visitor:
    """One person at one browser. Whatever happens to a request is an answer, never an exception."""

    def __init__(self, stack: Stack, email: str) -> None:
        self.stack, self.email = stack, email
        self.session = requests.Session()
        self.session.trust_env = False

    def sign_in(self) -> "Visitor":
        ((user,),) = self.stack.query(USER.format(self.email))
        self.stack.until(lambda: self._signed_in(str(user)))
        return self

    def _signed_in(self, user: str) -> bool:
        first = self.get("/")
        token = dict(_HIDDEN.findall(first.text)).get("csrfmiddlewaretoken", "")
        return self.post("/demo-sign-in/", {"csrfmiddlewaretoken": token, "user": user}).status == 302

    def get(self, path: str, timeout: float = 30) -> Reply:
        return self._ask("GET", path, timeout=timeout)

    def post(self, path: str, form: dict[str, str], timeout: float = 30) -> Reply:
        return self._ask("POST", path, data=form, timeout=timeout, headers={"Origin": self.stack.url})

    def _ask(self, method: str, path: str, **given: object) -> Reply:
        began = time.monotonic()
        try:
            with self.session.request(
                method, self.stack.url + path, allow_redirects=False, **given
            ) as answer:
                text = answer.text
                kept = answer.headers
                return Reply(
                    answer.status_code,
                    time.monotonic() - began,
                    text,
                    urlsplit(kept.get("Location", "")).path,
                    kept.get("Retry-After", ""),
                )
        except requests.RequestException:
            return Reply(0, time.monotonic() - began)

    def close(self) -> None:
        self.session.close()


class Writer:
    """Chooses a support contact over and over, each time another than the last.

    `acknowledged` are the events whose verify page was promised with a 303: what the portal said is done.
    """

    def __init__(self, visitor: Visitor, subscription: object, path: str) -> None:
        self.visitor, self.subscription, self.path = visitor, str(subscription), path
        self.acknowledged: list[str] = []
        self.statuses: Counter[str] = Counter()
        self.last = 0.0  # when the last one was acknowledged
        self.others: list[Reply] = []

    def write(self) -> bool:
        page = self.visitor.get(self.path)
        offered = _RADIO.findall(page.text)
        if page.status != 200 or not offered:
            return self._note("page", page)
        current = next((partner for partner, checked in offered if checked), "")
        partner = next(partner for partner, _ in offered if partner != current)
        form = dict(_HIDDEN.findall(page.text.partition('id="choose"')[0].rpartition("<form")[2]))
        done = self.visitor.post(f"{self.path}support-contact/", {**form, "partner": partner, "note": ""})
        event = _VERIFY.search(done.location)
        if done.status == 303 and event:
            self.acknowledged.append(event[1])
            self.last = time.monotonic()
            self.statuses["saved"] += 1
            return True
        return self._note("submit", done)

    def _note(self, what: str, reply: Reply) -> bool:
        self.statuses[f"{what} {reply.status or 'cut'}"] += 1
        self.others.append(reply)
        return False

    def until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not self.write():
                stop.wait(0.05)


def writers(stack: Stack, number: int) -> list[Writer]:
    """So many signed-in people, each with a subscription of their own."""
    rows = stack.query(CHOICES.strip())[:number]
    assert len(rows) == number, "the demonstration has too few subscriptions to choose for"
    return [
        Writer(stack.visitor().sign_in(), row, f"/customers/{customer}/subscriptions/{microsoft}/")
        for row, customer, microsoft in rows
    ]


@contextlib.contextmanager
def running(*loops: Callable[[threading.Event], None]):
    """Each in a thread of its own until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=loop, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]
