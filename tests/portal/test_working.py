"""The job worker: what a job defers belongs to its transaction; what a silent worker held is begun again."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator

import pytest
from django.db import connection, connections, transaction
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.contrib.django.utils import connector_params

from portal import jobs, working

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """Jobs of these tests alone, and nothing by the clock; the threads' connections are given back."""
    tasks: dict[str, object] = {}
    monkeypatch.setattr(app, "tasks", tasks)
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    yield tasks
    connections.close_all()


def doing(name: str, what) -> None:
    def run(**ids: object) -> None:
        try:
            what()
        finally:
            connections.close_all()

    app.task(name=name)(run)


def defer(*names: str) -> None:
    with transaction.atomic():
        for name in names:
            jobs.defer(name)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_what_a_job_defers_is_there_with_its_transaction_alone(only) -> None:
    def deferring(fails: bool):
        def run() -> None:
            with transaction.atomic():
                jobs.defer("tests.left" if fails else "tests.kept")
                others = ProcrastinateJob.objects.using("default")
                assert others.filter(task_name__in=["tests.left", "tests.kept"]).exists()
                if fails:
                    raise RuntimeError

        return run

    done: list[str] = []
    doing("tests.left", lambda: done.append("left"))
    doing("tests.kept", lambda: (done.append("kept"), stop()))
    doing("tests.fails", deferring(fails=True))
    doing("tests.succeeds", deferring(fails=False))
    defer("tests.fails", "tests.succeeds")
    asyncio.run(working.work())
    assert done == ["kept"]
    assert list(ProcrastinateJob.objects.values_list("task_name", "status")) == [("tests.fails", "failed")]


def test_a_job_is_one_line_with_its_id_name_and_try(only, caplog) -> None:
    doing("tests.greet", stop)
    defer("tests.greet")
    (job,) = ProcrastinateJob.objects.all()
    with caplog.at_level("INFO", "portal.working"):
        asyncio.run(working.work())
    (line,) = [record for record in caplog.records if record.message == "job"]
    assert line.outcome == "done"
    assert line.ms >= 0
    assert not ProcrastinateJob.objects.filter(pk=job.pk).exists()


def held(silent_for: int | None) -> int:
    """A job somebody does: a worker that was heard so long ago, or one nobody knows any more."""
    with connection.cursor() as cursor:
        worker = None
        if silent_for is not None:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))"
                " RETURNING id",
                [silent_for],
            )
            (worker,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, args, status, worker_id)"
            " VALUES ('tests.greet', 'default', %s, 'doing', %s) RETURNING id",
            [json.dumps({}), worker],
        )
        return cursor.fetchone()[0]


def take_up(times: int = 1) -> None:
    async def ask() -> None:
        worker = app.with_connector(PsycopgConnector(kwargs=await asyncio.to_thread(connector_params)))
        async with worker.open_async():
            await asyncio.gather(*(working.take_up(worker, 30) for _ in range(times)))

    asyncio.run(ask())
    connections.close_all()


def test_jobs_of_silent_workers_are_begun_again_and_of_no_others(only) -> None:
    silent, unknown, alive = held(31), held(None), held(29)
    take_up()
    found = dict(ProcrastinateJob.objects.values_list("pk", "status"))
    assert found == {silent: "todo", unknown: "todo", alive: "doing"}


def test_two_that_look_at_once_take_it_up_once(only) -> None:
    job = held(31)
    take_up(times=4)
    with connection.cursor() as cursor:
        cursor.execute("SELECT type FROM procrastinate_events WHERE job_id = %s ORDER BY id", [job])
        kinds = [kind for (kind,) in cursor.fetchall()]
    assert kinds.count("deferred_for_retry") == 1, kinds
