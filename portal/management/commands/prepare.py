from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Make the checkout ready to be served: translations, static files, tables. Runs as the tables' owner."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if "compile_messages" in get_commands():
            call_command("compile_messages", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("migrate", interactive=False, verbosity=0)
