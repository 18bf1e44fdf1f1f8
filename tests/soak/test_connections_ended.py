"""An operator, a pooler or a failover ends everybody's connection: a request each at most, then all is as before."""

import time
from collections import Counter
from pathlib import Path

import pytest

from portal.working import ASK_AGAIN, FINISH, WAIT_FOR_CONNECTION
from tests.portal.test_serve import Portal
from tests.soak.stack import Stack, running, writers
from tests.soak.test_database_killed import lost, stand

ROUNDS, WRITERS = 5, 4
#: Seconds a worker may need: for jobs that are to end, for a connection, and for its next look by itself (5).
SOON = FINISH + ASK_AGAIN + WAIT_FOR_CONNECTION + 5
#: The role ends its own; nobody else's, so nobody needs more rights than the portal has.
END_ALL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'portal_app' AND pid <> pg_backend_pid()
"""
DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'portal.clear_expired', 0, NULL, NULL,
    '{"timestamp": 0}'::jsonb, NULL)::procrastinate_job_to_defer_v1])
"""
WAITING = "SELECT FROM procrastinate_jobs WHERE task_name = 'portal.clear_expired'"


def job_done_after(portal: Portal) -> float:
    """Seconds until the worker has done a job that is deferred now."""
    began = time.monotonic()
    portal.query(DEFER.strip())
    portal.until(lambda: not portal.query(WAITING))
    return time.monotonic() - began


@pytest.mark.soak
def test_everybodys_connection_ended_under_writers(stack: Stack, say) -> None:
    stack.environ["WEB_WORKERS"] = "2"
    stack.serve()
    at_work = writers(stack, WRITERS)
    before = stand(stack)
    ended, jobs, again = 0, [], []
    with running(*(writer.until for writer in at_work)):
        for _ in range(ROUNDS):
            done = [len(writer.acknowledged) for writer in at_work]
            stack.until(
                lambda done=done: all(
                    len(writer.acknowledged) > had for writer, had in zip(at_work, done, strict=True)
                )
            )
            began = time.monotonic()
            ended += stack.query(END_ALL.strip())[0][0]
            jobs.append(job_done_after(stack))
            stack.until(lambda began=began: all(writer.last > began for writer in at_work))
            again.append(max(writer.last for writer in at_work) - began)
    missing, untold = lost(at_work, before, stand(stack))
    answers = sum((writer.statuses for writer in at_work), Counter())
    failed = answers.total() - answers["saved"]
    say(
        f"{ROUNDS} times all connections ended ({ended}) under {WRITERS} writers: {answers['saved']} acknowledged,"
        f" {missing} lost, {untold} saved without being told; {failed} requests failed {dict(answers)}; all wrote again"
        f" within {max(again):.1f} s, the job worker worked within {max(jobs):.1f} s"
    )
    assert missing == 0
    assert failed <= ended
    assert not [status for status in answers if not status.endswith((" 503", "saved"))]
    assert max(jobs) < SOON
    for writer in at_work:
        writer.visitor.close()


def test_connections_ended_between_two_pages_cost_nobody_a_page(tmp_path: Path) -> None:
    """The short version: each is found dead before it is used, and made anew."""
    stack = Stack(tmp_path)
    try:
        prepared = stack.manage("prepare")
        assert prepared.returncode == 0, prepared.stderr
        stack.serve()
        visitor = stack.visitor()
        stack.until(lambda: visitor.get("/").status == 200)
        for _ in range(2):
            stack.until(lambda: stack.query(END_ALL.strip())[0][0] > 0)
            assert {visitor.get("/").status for _ in range(4)} == {200}
        assert job_done_after(stack) < SOON
        visitor.close()
    finally:
        stack.close()
