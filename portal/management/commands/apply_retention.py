"""Take away the record that is older than the retention says."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from portal.errors import OperationError
from portal.operations import retention


class Command(BaseCommand):
    help = (
        "Remove what the activity log holds from before AUDIT_RETENTION_YEARS, in whole sealed segments, and say so in "
        "the log of each organisation concerned. Without --yes only says what would be removed. Runs as the tables' "
        "owner."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="remove it; it cannot be brought back")

    def handle(self, *, yes: bool, **options: Any) -> None:
        now, years = timezone.now(), settings.AUDIT_RETENTION_YEARS
        until = retention.years_before(now, years)
        before = f"before {until:%Y-%m-%d %H:%M} UTC (AUDIT_RETENTION_YEARS={years})"
        try:
            retention.must_be_owner()
            found = retention.old(until)
            if not found.segments:
                self.stdout.write(f"Nothing to remove: no sealed segment lies wholly {before}.")
                return
            if not yes:
                self.stdout.write(
                    f"{found.events} events in {found.segments} segments lie {before}. "
                    "Nothing was removed; --yes removes them."
                )
                return
            run, events, segments = retention.new_run(), 0, 0
            while removed := retention.remove_some(until, run=run, now=now):
                events, segments = events + removed.events, segments + removed.segments
                self.stdout.write(
                    f"Removed {removed.events} events in {removed.segments} segments, "
                    f"told in the record of {removed.organisations} organisations."
                )
        except OperationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{events} events in {segments} segments from {before} are gone (run {run}).")
