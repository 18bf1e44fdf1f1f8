from typing import Any

from django.core.management.base import BaseCommand

from portal import messages


class Command(BaseCommand):
    help = "Build the translations Django reads (.mo) from the committed catalogues (.po)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        built = messages.build()
        if options["verbosity"]:
            self.stdout.write(f"Built: {', '.join(built) or 'nothing, all are up to date'}")
