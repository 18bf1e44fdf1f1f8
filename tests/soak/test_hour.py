"""An hour of what people do: memory stays where it is, and nobody gets an error. SOAK_MINUTES says how long."""

import os
import threading
import time
from collections import Counter
from itertools import cycle
from statistics import median

import psutil
import pytest

from tests.soak.stack import CHOICES, CUSTOMER, Reply, Stack, Visitor, p95, running, writers

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
WRITTEN, BETWEEN_CHOICES = 3, 2.0  # subscriptions; seconds
WARM, PAUSE = 0.25, 0.1  # of the time, until what is loaded once is loaded; seconds between a person's pages
AGENT_PAGES = [
    *(
        "/",
        "/customers/",
        "/customers/?q=con",
        "/customers/?sort=newest",
        "/support-contacts/",
        "/resellers/",
    ),
    *("/organisation/", "/nothing/there/"),
]
CUSTOMER_PAGES = ["/support/", "/partner-relationships/", "/"]
IDLE = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND now() - state_change > '20 s'"
FAILED = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"


class Reader:
    """One person who goes from page to page."""

    def __init__(self, visitor: Visitor, pages: list[str]) -> None:
        self.visitor, self.pages = visitor, pages
        self.replies: list[Reply] = []

    def until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            for page in self.pages:
                reply = self.visitor.get(page)
                self.replies.append(Reply(reply.status, reply.seconds))
                if stop.wait(PAUSE):
                    break


class Memory:
    """What the portal's own processes have for themselves, by process, every second; PostgreSQL apart."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.samples: list[dict[int, int]] = []
        self.names: dict[int, str] = {}
        self.idle = 0

    def until(self, stop: threading.Event) -> None:
        while not stop.wait(1):
            sample = {}
            for process in self.stack.processes():
                try:
                    if "postgres" not in process.name():
                        sample[process.pid] = process.memory_full_info().uss
                        self.names.setdefault(process.pid, " ".join(process.cmdline()[1:4]))
                except psutil.Error:
                    continue
            self.samples.append(sample)
            with self.stack.superuser() as superuser:
                self.idle = max(self.idle, superuser.execute(IDLE).fetchone()[0])

    def after(self, share: float, until: float = 1) -> float:
        """Megabytes altogether, in the middle of this stretch."""
        begin, end = int(len(self.samples) * share), int(len(self.samples) * until)
        return median(sum(sample.values()) for sample in self.samples[begin:end]) / 1e6

    def of_each(self) -> str:
        """What each process had when everything was loaded, and at the end."""
        warm, last = self.samples[int(len(self.samples) * WARM)], self.samples[-1]
        return "; ".join(
            f"{self.names[pid]}: {warm.get(pid, 0) / 1e6:.0f} to {last[pid] / 1e6:.0f} MB" for pid in last
        )


@pytest.mark.soak
def test_an_hour_of_mixed_load(stack: Stack, say) -> None:
    stack.environ["WEB_WORKERS"] = "2"
    stack.serve()
    pages = [f"/customers/{row[1]}/subscriptions/{row[2]}/" for row in stack.query(CHOICES.strip())]
    readers = [
        Reader(stack.visitor().sign_in(), AGENT_PAGES + pages[:3]),
        Reader(stack.visitor().sign_in(), pages),
        Reader(stack.visitor(CUSTOMER).sign_in(), CUSTOMER_PAGES),
    ]
    # Not one subscription all the time: nobody's history is an hour of changes.
    at_work = writers(stack, WRITTEN)
    memory = Memory(stack)

    def write(stop: threading.Event) -> None:
        for writer in cycle(at_work):
            if stop.wait(BETWEEN_CHOICES):
                break
            writer.write()

    until = time.monotonic() + MINUTES * 60
    with running(write, memory.until, *(reader.until for reader in readers)) as stop:
        stop.wait(until - time.monotonic())
    replies = [reply for reader in readers for reply in reader.replies]
    replies += [reply for writer in at_work for reply in writer.others]
    chosen = sum((writer.statuses for writer in at_work), Counter())
    answers = Counter(reply.status for reply in replies)
    early, late = memory.after(WARM, 0.5), memory.after(0.75)
    ((failed,),) = stack.query(FAILED)
    say(
        f"{MINUTES:g} minutes of mixed load: {answers.total()} pages {dict(answers)}, {dict(chosen)} choices,"
        f" p95 {p95([reply.seconds for reply in replies]) * 1000:.0f} ms; memory {early:.0f} MB in the second quarter,"
        f" {late:.0f} MB in the last ({(late / early - 1) * 100:+.1f} %): {memory.of_each()};"
        f" {failed} jobs failed"
    )
    assert set(answers) <= {200, 302, 404}
    assert {reader.visitor.get(reader.pages[1]).status for reader in readers} == {200}, (
        "somebody was signed out"
    )
    assert chosen.keys() == {"saved"}
    assert late < early * 1.05
    assert memory.samples[len(memory.samples) // 4].keys() == memory.samples[-1].keys(), (
        "a process was replaced"
    )
    assert memory.idle == 0
    assert failed == 0
    for visitor in (each.visitor for each in (*at_work, *readers)):
        visitor.close()
