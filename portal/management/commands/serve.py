import logging
import shutil
import signal
import sys
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from portal import metrics, readiness
from portal.passwords import DEMO_PASSWORD
from portal.serving import Child, Record, answers, has_terminal, is_free, stop_groups

log = logging.getLogger(__name__)
DEMO_SIGN_IN = f"""
  A demonstration, for this machine only. Sign in with one click on the first page, or with
    admin-agent@fabrikam.example   who decides whom customers call
    admin@contoso.example          who is told whom to call
  and the password {DEMO_PASSWORD}
"""


class Command(BaseCommand):
    help = (
        "Serve the portal: web server and job worker, until Ctrl-C (or `manage.py stop`). "
        "`manage.py restart`, or HUP where there is no terminal, replaces their processes without a dropped request."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.ENVIRONMENT.port, help="instead of PORT")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        host = settings.ENVIRONMENT.bind
        url = f"http://{host}:{port}/"
        record = Record(settings.VAR_DIR)
        if not record.take():
            ends = "make stop" if settings.ENVIRONMENT.local else "manage.py stop"
            raise CommandError(f"The portal already runs at {record.read().get('url')}; `{ends}` ends it.")
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # whoever asks for a restart now gets it anyway
        record.sweep()
        record.write(url, [])
        if not is_free(host, port):
            other = f"PORT={port + 1} make run" if settings.ENVIRONMENT.local else "PORT in the environment"
            raise CommandError(f"Port {port} is in use by another program; choose one: {other}")
        self.check_database()
        counts = counted_in()
        children = [
            Child("web server", web_server(host, port), counts, replaced_by=signal.SIGHUP),
            Child("job worker", job_worker(), counts),
        ]
        ended = self.keep(children, record, url, host, port)
        stop_groups([child.process.pid for child in children])
        record.forget()
        if ended:
            raise CommandError(f"The {ended} does not stay up; its last words are above.")

    def check_database(self) -> None:
        """Reachable and migrated, or a sentence; the embedded server keeps running for as long as we do."""
        connection.ensure_connection()
        pending = readiness.pending()
        connection.close()
        if pending:
            raise CommandError(f"The database lacks {pending} migrations; run `manage.py prepare` first.")

    def keep(self, children: list[Child], record: Record, url: str, host: str, port: int) -> str | None:
        """Keep them alive until we are told to stop (None) or one will not stay up (its name)."""
        told: list[int] = []
        running: list[Child] = []

        def stop(number: int, frame: FrameType | None) -> None:
            told.append(number)

        def replace(number: int, frame: FrameType | None) -> None:
            for child in running:
                child.replace()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, stop if has_terminal() else replace)
        signal.signal(signal.SIGUSR1, replace)
        for child in children:
            child.start()
            running.append(child)
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
        if not settings.ENVIRONMENT.local:
            log.info("The portal is at %s, for its proxy.", url)
            return
        self.stdout.write(f"\n  The portal is at {url}   (Ctrl-C stops it)")
        if settings.DEMO:
            self.stdout.write(DEMO_SIGN_IN)
        self.stdout.flush()


def counted_in() -> dict[str, str]:
    """Where all processes of this run keep their counts, which begin at nothing."""
    directory = settings.VAR_DIR / "metrics"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    return {metrics.DIRECTORY: str(directory)}


def web_server(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "portal.web", host, str(port)),
        *(str(settings.ENVIRONMENT.web_workers), str(settings.BASE_DIR)),
        *(() if settings.ENVIRONMENT.local else ("json",)),
    ]


def job_worker() -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]
