"""What the worker would do, done now: jobs that wait are run in order, until none is left."""

import contextlib

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.mail.outbox import NotSent
from portal.models import Mail


def waiting(name: str = "") -> list[dict]:
    """The arguments of the jobs that wait, of one name or all."""
    jobs = ProcrastinateJob.objects.filter(status="todo").order_by("id")
    return [job.args for job in (jobs.filter(task_name=name) if name else jobs)]


def work() -> None:
    """Run what waits, and what that makes necessary. A mail that is not taken is tried again by nobody here."""
    while job := ProcrastinateJob.objects.filter(status="todo").order_by("id").first():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job.pk])
        with contextlib.suppress(NotSent):
            app.tasks[job.task_name].func.__wrapped__(**job.args)  # in this connection


def told() -> dict[str, str]:
    """Subjects by address, of the mails written."""
    return dict(Mail.objects.order_by("created_at", "pk").values_list("address", "subject"))
