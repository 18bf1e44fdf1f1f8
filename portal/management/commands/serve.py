import signal
import sys
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.passwords import DEMO_PASSWORD
from portal.patience import WAITING
from portal.serving import Child, Record, answers, is_free, stop_groups

DEMO_SIGN_IN = f"""
  A demonstration, for this machine only. Sign in with one click on the first page, or with
    admin-agent@fabrikam.example   who decides whom customers call
    admin@contoso.example          who is told whom to call
  and the password {DEMO_PASSWORD}
"""


class Command(BaseCommand):
    help = "Serve the portal: web server and job worker, until Ctrl-C (or `manage.py stop`)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.ENVIRONMENT.port, help="instead of PORT")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        host = settings.ENVIRONMENT.bind
        url = f"http://{host}:{port}/"
        record = Record(settings.VAR_DIR)
        if not record.take():
            raise CommandError(f"The portal already runs at {record.read().get('url')}; `make stop` ends it.")
        record.sweep()
        record.write(url, [])
        if not is_free(host, port):
            raise CommandError(
                f"Port {port} is in use by another program; choose one: PORT={port + 1} make run"
            )
        self.check_database()
        children = [
            Child("web server", web_server(host, port)),
            Child("job worker", job_worker()),
        ]
        ended = self.keep(children, record, url, host, port)
        stop_groups([child.process.pid for child in children])
        record.forget()
        if ended:
            raise CommandError(f"The {ended} does not stay up; its last words are above.")

    def check_database(self) -> None:
        """Reachable and migrated, or a sentence; the embedded server keeps running for as long as we do."""
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        connection.close()
        if pending:
            raise CommandError(
                f"The database lacks {len(pending)} migrations; run `manage.py migrate` first."
            )

    def keep(self, children: list[Child], record: Record, url: str, host: str, port: int) -> str | None:
        """Keep them alive until we are told to stop (None) or one will not stay up (its name)."""
        told: list[int] = []

        def stop(number: int, frame: FrameType | None) -> None:
            told.append(number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        for child in children:
            child.start()
        record.write(url, children)
        announced = False
        while not told:
            time.sleep(0.1)
            for child in children:
                if child.has_ended() and not told:
                    if not child.begin_again():
                        return child.name
                    record.write(url, children)
            if not announced and answers(host, port):
                self.announce(url)
                announced = True
        return None

    def announce(self, url: str) -> None:
        self.stdout.write(f"\n  The portal is at {url}   (Ctrl-C stops it)")
        if settings.DEMO:
            self.stdout.write(DEMO_SIGN_IN)
        self.stdout.flush()


def web_server(host: str, port: int) -> list[str]:
    environment = settings.ENVIRONMENT
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "portal.wsgi:application"),
        *("--host", host, "--port", str(port), "--workers", str(environment.web_workers)),
        *(
            "--blocking-threads",
            str(WAITING),
            "--no-ws",
            "--workers-kill-timeout",
            "10",
            "--respawn-failed-workers",
        ),
        *("--working-dir", str(settings.BASE_DIR), "--log-level", "warning"),
    ]


def job_worker() -> list[str]:
    manage = str(settings.BASE_DIR / "manage.py")
    return [
        *(sys.executable, manage, "procrastinate", "worker"),
        *("--shutdown-graceful-timeout", "10", "--concurrency", "2"),
    ]
