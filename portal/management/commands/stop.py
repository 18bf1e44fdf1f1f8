import os
import signal
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.embedded import at
from portal.serving import PATIENCE, Record


class Command(BaseCommand):
    help = "Stop the portal that runs from this checkout: web server, job worker and embedded PostgreSQL."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        record = Record(settings.VAR_DIR)
        served = not record.take()
        if served:
            self.end(record)
        served = record.sweep() > 0 or served
        database = at(settings.VAR_DIR / "database").stop()
        self.stdout.write("Stopped." if served or database else "Nothing was running.")

    def end(self, record: Record) -> None:
        """Ask the one who serves to end, and insist when its patience is over; then we hold its lock."""
        asked, until = None, time.monotonic() + 2 * PATIENCE
        while not record.take():
            server = record.read().get("pid")
            if server and server != asked:
                os.kill(server, signal.SIGTERM)
                asked = server
            elif server and time.monotonic() > until:
                os.kill(server, signal.SIGKILL)
            time.sleep(0.1)
