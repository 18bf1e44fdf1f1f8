"""The seals, to be kept outside the database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from portal.seals.published import lines


class Command(BaseCommand):
    help = (
        "Print the seals of the activity log, a line each: number, time, how many events, hash. Keep them where "
        "whoever may write the database may not, and give them to verify_audit --expect."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", type=int, default=1, dest="start", help="the first segment to print")

    def handle(self, *, start: int, **options: Any) -> None:
        for line in lines(start):
            self.stdout.write(line)
