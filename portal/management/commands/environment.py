from typing import Any

from django.core.management.base import BaseCommand

from portal.variables import table


class Command(BaseCommand):
    help = "Print every environment variable the portal reads, with type, default and meaning, as a table."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table(), ending="")
