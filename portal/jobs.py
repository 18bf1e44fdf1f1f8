"""Work done after the answer: deferred in the transaction that makes it necessary, done after its commit.

A job is named as a string, since it may live in an app above its caller, and gets ids only: arguments are
stored and logged, and what they name may have changed meanwhile. A job may run twice; the second time must do
no harm.
"""

import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.db import close_old_connections, connection
from django.db.models import Model
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)

# After 10 s, 100 s, 17 min, 2.8 h: a mail server's bad hour passes, and a broken job does not spin.
AGAIN = RetryStrategy(max_attempts=5, exponential_wait=10)


def defer(name: str, **ids: UUID | int | str) -> None:
    """Have the job `name` done once this transaction commits; if it rolls back, the job was never there."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{name} must be deferred inside the transaction that makes it necessary.")
    app.configure_task(name, allow_unknown=False).defer(**_stored(ids))


def defer_once(name: str, *, key: str, **ids: UUID | int | str) -> None:
    """For work of which one waiting job is enough; jobs of one `key` run one after the other.

    Everything else goes first: such work waits for others' machines.
    """
    from procrastinate.contrib.django.models import ProcrastinateJob  # a model: loaded after its app

    # No queueing lock: a job left behind by a killed worker could not be begun again beside a waiting one.
    if not ProcrastinateJob.objects.filter(task_name=name, lock=key, status="todo").exists():
        app.configure_task(name, allow_unknown=False, lock=key, priority=-1).defer(**_stored(ids))


def _stored(ids: dict[str, UUID | int | str]) -> dict[str, int | str]:
    return {key: value if isinstance(value, int) else str(value) for key, value in ids.items()}


def for_each(rows: Iterable[Row], act: Callable[[Row], object]) -> None:
    """Act on every row, each act a transaction of its own: one that fails is logged and stops no other.

    The job fails in the end, so that it is seen, and is tried again with what failed; what was done stays done.
    """
    failures: list[Exception] = []
    for row in rows:
        try:
            act(row)
        except Exception as error:
            logger.exception("job_part_failed", extra={"part": f"{row._meta.label} {row.pk}"})
            failures.append(error)
            close_old_connections()  # a broken one would fail all that follow
    if failures:
        raise ExceptionGroup(f"{len(failures)} parts of the job failed", failures)


def job(
    name: str, *, cron: str | None = None, again: RetryStrategy | None = AGAIN
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function the job `name`; with `cron` also deferred by the clock, with a `timestamp`.

    `again`: when a job that raised is tried again; None where the clock brings the next one.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            # The worker's threads live long, and the connections they keep may be gone.
            close_old_connections()
            try:
                function(*args, **kwargs)
            finally:
                close_old_connections()

        task = app.task(name=name, retry=again or False)(run)
        if cron:
            app.periodic(cron=cron)(task)
        return function  # called directly, it is a plain function of the caller's transaction

    return register
