"""PostgreSQL is killed, or ends everybody's connection, while people write: what was acknowledged is there."""

import time
from collections import Counter

import pytest

from tests.soak.stack import Stack, Writer, running, writers

KILLS, WRITERS = 10, 4
EVENTS = """
SELECT s.id::text, s.contact_version, array_agg(e.id::text) FILTER (WHERE e.id IS NOT NULL)
FROM subscriptions_subscription s LEFT JOIN portal_auditevent e ON e.subscription_id = s.id AND e.channel = 'portal'
GROUP BY s.id
"""


def stand(stack: Stack) -> dict[str, tuple[int, set[str]]]:
    """Of every subscription its version and the events of its history."""
    rows = stack.query(EVENTS.strip())
    return {str(row): (int(version), set(events or ())) for row, version, events in rows}


def lost(at_work: list[Writer], before: dict, after: dict) -> tuple[int, int]:
    """How many acknowledged writes are not there; how many are that nobody was told of.

    Each event has moved its subscription's version on by one, no more and no less.
    """
    missing = untold = 0
    for writer in at_work:
        version, events = after[writer.subscription]
        version_before, events_before = before[writer.subscription]
        told = set(writer.acknowledged)
        assert len(told) == len(writer.acknowledged)
        assert version - version_before == len(events - events_before)
        missing += len(told - events)
        untold += len(events - events_before - told)
    return missing, untold


@pytest.mark.soak
def test_postgresql_killed_ten_times_under_four_writers(stack: Stack, say) -> None:
    stack.environ["WEB_WORKERS"] = "2"
    stack.serve()
    at_work = writers(stack, WRITERS)
    before = stand(stack)
    first, all_again = [], []
    with running(*(writer.until for writer in at_work)):
        stack.until(lambda: all(writer.acknowledged for writer in at_work))
        for _ in range(KILLS):
            done = [len(writer.acknowledged) for writer in at_work]
            stack.until(
                lambda done=done: all(
                    len(writer.acknowledged) > had for writer, had in zip(at_work, done, strict=True)
                )
            )
            killed = time.monotonic()
            stack.postmaster().kill()
            stack.until(lambda killed=killed: any(writer.last > killed for writer in at_work))
            first.append(min(writer.last for writer in at_work if writer.last > killed) - killed)
            stack.until(lambda killed=killed: all(writer.last > killed for writer in at_work))
            all_again.append(time.monotonic() - killed)
    missing, untold = lost(at_work, before, stand(stack))
    answers = sum((writer.statuses for writer in at_work), Counter())
    say(
        f"{KILLS} kills of PostgreSQL under {WRITERS} writers: {answers['saved']} acknowledged, {missing} of them"
        f" lost, {untold} saved without being told; first write after a kill {max(first):.1f} s at most,"
        f" everybody's {max(all_again):.1f} s; answers {dict(answers)}"
    )
    assert missing == 0
    assert not [status for status in answers if status.endswith(" 500")], stack.log()[-4000:]
    assert all(reply.retry_after for writer in at_work for reply in writer.others if reply.status == 503)
    assert max(all_again) < 5
    for writer in at_work:
        writer.visitor.close()
