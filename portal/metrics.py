"""Figures for Prometheus. Labels are names of ours and numbers, never of a tenant, a person or a row.

The portal is several processes. With PROMETHEUS_MULTIPROC_DIR, which `manage.py serve` sets for those it starts, each
keeps its counts in files there, and whichever is asked adds up those of all, also of processes that have ended. What
is true of the whole portal is asked of the database when it is asked for.
"""

import contextlib
import os
import tomllib
from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from portal.models.webhooks import WebhookDelivery

CONTENT_TYPE = CONTENT_TYPE_LATEST
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
#: Views whose own traffic would drown the people's.
UNCOUNTED = ("healthz", "readyz", "metrics")

OWN = CollectorRegistry()
REQUESTS = Histogram(
    "portal_request_seconds",
    "Time to the answer, by route, method and status.",
    ["view", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=OWN,
)
JOBS = Histogram(
    "portal_job_seconds",
    "Time a job took, by its name and how it ended.",
    ["job", "outcome"],
    buckets=(0.05, 0.25, 1, 5, 15, 60),
    registry=OWN,
)

_JOBS_NOW = """
SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'),
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),
       (SELECT coalesce(extract(epoch FROM now() - min(coalesce(job.scheduled_at, event.at))), 0)::float8
        FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type = 'deferred'
        WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now())
"""
_WORKER = "SELECT extract(epoch FROM now() - max(last_heartbeat))::float8 FROM procrastinate_workers"
_CONNECTIONS = """
SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1
"""


def count_request(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    view = view_name(request)
    if view not in UNCOUNTED:
        REQUESTS.labels(view, method_name(request), str(response.status_code)).observe(seconds)


def count_job(name: str, outcome: str, seconds: float) -> None:
    JOBS.labels(name, outcome).observe(seconds)


def method_name(request: HttpRequest) -> str:
    return request.method if request.method in METHODS else "other"


def view_name(request: HttpRequest) -> str:
    """The route's name: an address would tell ids, and never be the same twice."""
    match = request.resolver_match
    if match is None:  # it failed on its way there
        with contextlib.suppress(Resolver404):
            match = resolve(request.path_info)
    return match.view_name if match and match.view_name else "none"


def exposed() -> bytes:
    """Everything, as Prometheus reads it."""
    registry = CollectorRegistry()
    registry.register(_Now())
    if os.environ.get(DIRECTORY):
        MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(OWN)


@cache
def version() -> str:
    with open(settings.BASE_DIR / "pyproject.toml", "rb") as file:
        return str(tomllib.load(file)["project"]["version"])


class _Now:
    """What is so at this moment, of the portal as a whole."""

    def describe(self) -> list[Metric]:
        return []  # asked for at registration: no question to the database then

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("portal_build_info", "The version that answers.", labels=["version"])
        build.add_metric([version()], 1)
        yield build
        try:
            with transaction.atomic():
                asked = list(self._asked())
        except (DatabaseError, InterfaceError):
            asked = None
        yield _gauge("portal_database_up", "Whether the database answers.", asked is not None)
        yield from asked or ()

    def _asked(self) -> Iterator[Metric]:
        with connection.cursor() as cursor:
            cursor.execute(_JOBS_NOW)
            todo, doing, failed, oldest = cursor.fetchone()
            jobs = GaugeMetricFamily("portal_jobs", "Jobs by what became of them.", labels=["status"])
            for status, count in (("waiting", todo), ("running", doing), ("failed", failed)):
                jobs.add_metric([status], count)
            yield jobs
            yield _gauge(
                "portal_jobs_oldest_seconds", "How long the oldest job that is due has waited.", oldest
            )
            cursor.execute(_WORKER)
            (silent,) = cursor.fetchone()
            if silent is not None:
                yield _gauge(
                    "portal_worker_silent_seconds", "Since any job worker said that it lives.", silent
                )
            cursor.execute(_CONNECTIONS)
            connections = GaugeMetricFamily(
                "portal_database_connections", "Connections to the portal's database.", labels=["state"]
            )
            for state, count in cursor.fetchall():
                connections.add_metric([state], count)
            yield connections
        due = WebhookDelivery.objects.due(timezone.now()).count()
        yield _gauge("portal_webhooks_due", "Deliveries that could be sent now.", due)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)
