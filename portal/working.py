"""The job worker: outlives its database, takes up what a killed one left, says one line a job.

Its own questions go over a pool of its own. What a job defers goes over the job's own connection, in the transaction
that makes it necessary: handing the whole app to the pool, as the library's command does, has such a job begun before
that transaction commits, or where it never does.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.db.utils import InterfaceError, OperationalError
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.contrib.django import app as portal_app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException

from portal import metrics

logger = logging.getLogger(__name__)

#: What going on without the database looks like: to the pool, to Django, to a new connection.
AWAY = (
    ConnectorException,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    OperationalError,
    InterfaceError,
)
ASK_AGAIN = 1.0  # second
WAIT_FOR_CONNECTION = 3.0
FINISH = 10.0  # seconds for jobs to end when told to stop

# One statement: of two workers that look at once, the second finds the rows taken, or already as they should be.
_TAKE_UP = """
WITH left_behind AS (
    SELECT job.id, job.task_name
    FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(seconds)s))
    FOR UPDATE OF job SKIP LOCKED
)
SELECT id, task_name, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)::text FROM left_behind
"""


async def work() -> None:
    """Do jobs until told to stop. While the database is away, ask for it every second."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    is_away = False
    while not stop.is_set():
        try:
            # Those of the periodic jobs' thread, which nobody else looks after.
            await sync_to_async(connections.close_all)()
            params = await sync_to_async(connector_params)()
            await (await psycopg.AsyncConnection.connect(**params)).close()
            if is_away:
                logger.warning("database_back")
            is_away = False
            await _work_until(stop, params)
        except AWAY as error:
            if not is_away:
                logger.warning("database_away", extra={"error": type(error).__name__})
            is_away = True
        if not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ASK_AGAIN)


async def _work_until(stop: asyncio.Event, params: dict[str, Any]) -> None:
    """One worker's life: until told to stop, or until it loses the database."""
    heartbeat = settings.ENVIRONMENT.worker_stalled_seconds / 3
    connector = PsycopgConnector(kwargs=params, min_size=2, max_size=4, timeout=WAIT_FOR_CONNECTION)
    worker = portal_app.with_connector(connector)
    async with worker.open_async():
        tasks = {
            asyncio.create_task(
                worker.run_worker_async(
                    concurrency=settings.ENVIRONMENT.worker_concurrency,
                    shutdown_graceful_timeout=FINISH,
                    install_signal_handlers=False,
                    update_heartbeat_interval=heartbeat,
                    stalled_worker_timeout=3 * heartbeat,
                    worker_middleware=[said],
                )
            ),
            asyncio.create_task(_take_up_again(worker, heartbeat)),
            asyncio.create_task(stop.wait()),
        }
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        for outcome in await asyncio.gather(*done, *waiting, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def _take_up_again(worker: App, every: float) -> None:
    while True:
        await take_up(worker, every * 3)
        await asyncio.sleep(every)


async def take_up(worker: App, seconds: float) -> None:
    """A worker that was killed leaves its jobs "doing" for ever: begin those of silent ones again."""
    for job in await worker.connector.execute_query_all_async(_TAKE_UP, seconds=seconds):
        logger.warning("job_taken_up", extra={"job_id": job["id"], "job": job["task_name"]})


async def said(call: Callable[[], Awaitable[Any]], context: JobContext, worker: object) -> Any:
    """One line a job, and its id in every line that is logged for it."""
    job = context.job
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job_id=job.id, job=job.task_name, attempt=job.attempts + 1)
    began = time.perf_counter()
    try:
        result = await call()
    except Exception as error:
        _say(job.task_name, began, "failed", error)
        raise
    _say(job.task_name, began, "done")
    return result


def _say(name: str, began: float, outcome: str, error: Exception | None = None) -> None:
    seconds = time.perf_counter() - began
    metrics.count_job(name, outcome, seconds)
    level = logging.ERROR if error else logging.INFO
    logger.log(level, "job", extra={"outcome": outcome, "ms": round(seconds * 1000, 1)}, exc_info=error)
