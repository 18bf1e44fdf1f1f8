import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import readiness
from portal.serving import Record


class Command(BaseCommand):
    help = "Have the portal that serves go on with the code of now, one process after the other: no request is dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        """What would not serve is found here, while what serves still does."""
        record = Record(settings.VAR_DIR)
        if record.take():
            raise CommandError("Nothing is running; start it with `manage.py serve`.")
        if pending := readiness.pending():
            raise CommandError(f"The database lacks {pending} migrations; run `manage.py prepare` first.")
        os.kill(record.read()["pid"], signal.SIGUSR1)
        self.stdout.write("The processes are being replaced, one after the other.")
