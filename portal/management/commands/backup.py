from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from portal import backup
from portal.embedded import at
from portal.pg.tools import Tools, fit, place_of


class Command(BaseCommand):
    help = (
        "Write everything the database holds at this instant into one file, which `restore` brings back. "
        "Who is signed in is not in it, nor is SECRET_KEY: keep that beside it, in another place."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target", type=Path, help="a new file, or a directory for one named after the time"
        )

    def handle(self, *, target: Path, **options: Any) -> None:
        began, file = monotonic(), backup.named(target, timezone.now())
        connection.ensure_connection()
        try:
            size = backup.write(place_of(connection.get_connection_params()), tools(), file)
        except backup.BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {size / 1e6:.1f} MB in {monotonic() - began:.0f} s.")


def tools() -> Tools:
    """Those that fit the database the settings name: the embedded server's own, or the operator's."""
    home: Path | None = connection.settings_dict.get("EMBEDDED")
    own = at(home).bin if home else None
    return fit(
        connection.get_database_version()[0], said="" if home else settings.ENVIRONMENT.pg_bin, embedded=own
    )
