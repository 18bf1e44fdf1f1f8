from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from portal.backup import BackupFailed
from portal.database import serving_role
from portal.management.commands.backup import tools
from portal.pg.tools import place_of
from portal.restore import Backup, Target
from portal.serving import Record


class Command(BaseCommand):
    help = (
        "Bring back what `backup` wrote, into an empty database or, with --replace, instead of what it holds: all of "
        "it in one transaction, then this version's migrations. Everybody signs in again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="instead of what the database holds now")
        parser.add_argument("--noinput", action="store_true", help="do not ask before replacing")

    def handle(self, *, file: Path, replace: bool, noinput: bool, **options: Any) -> None:
        record = Record(settings.VAR_DIR)
        if not record.take():  # held until this process ends: nothing begins to serve meanwhile
            raise CommandError(f"The portal serves at {record.read().get('url')}; stop it first.")
        connection.ensure_connection()
        try:
            backup = Backup(file, tools())
            with Target(place_of(connection.get_connection_params())) as target:
                connection.close()
                self.refuse(backup, target, replace=replace)
                if replace and not noinput and not target.is_empty():
                    self.ask()
                self.refuse_company(target)
                target.replace(backup, serving=serving_role(settings.ENVIRONMENT.database_url))
                target.commit()
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Everything in {file} is back; everybody signs in again.")
        call_command("migrate", interactive=False, verbosity=0)

    def refuse(self, backup: Backup, target: Target, *, replace: bool) -> None:
        if backup.server > target.major:
            raise CommandError(
                f"{backup.file} was made by PostgreSQL {backup.server} and this server is {target.major}; "
                "restore it into that version or a newer one."
            )
        if unknown := backup.migrations() - set(MigrationLoader(None).disk_migrations):
            app, name = max(unknown)
            raise CommandError(
                f"{backup.file} was made by a newer portal: this one does not know {app}.{name}. "
                "Bring in that version first."
            )
        if not replace and not target.is_empty():
            raise CommandError("The database is not empty; --replace gives up what it holds.")

    def refuse_company(self, target: Target) -> None:
        if others := target.others():
            raise CommandError(
                f"Somebody uses the database ({', '.join(others)}); stop web server, job worker and whoever else."
            )

    def ask(self) -> None:
        name = connection.settings_dict["NAME"]
        said = input(f'Everything "{name}" holds now is given up. Type its name to go on: ')
        if said.strip() != name:
            raise CommandError("Nothing was changed.")
