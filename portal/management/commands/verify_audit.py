"""Whether the record is what was sealed."""

import contextlib
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from portal.seals.published import NotPublished, read
from portal.seals.verifying import Published, Verified, verify


class Command(BaseCommand):
    help = (
        "Recompute every seal of the activity log and name what was changed, removed or put in since: the segment and "
        "the event. Ends with 1 when something was. Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", type=int, default=1, dest="start", help="the first segment to look at")
        parser.add_argument(
            "--expect",
            default="",
            metavar="FILE",
            help="seals as export_audit_seals published them, - for what is piped in; without it, a record that was "
            "rewritten together with all its seals passes",
        )

    def handle(self, *, start: int, expect: str, **options: Any) -> None:
        if start < 1:
            raise CommandError("--from begins with 1.")
        found, faults = Verified(), 0
        for fault in verify(found, start=start, expected=_published(expect)):
            faults += 1
            self.stdout.write(fault[0].upper() + fault[1:])
        if faults:
            raise CommandError("The record is not what was sealed. " + _looked_at(found))
        self.stdout.write("Nothing was changed. " + _looked_at(found))


def _published(path: str) -> dict[int, Published]:
    if not path:
        return {}
    try:
        with contextlib.nullcontext(sys.stdin) if path == "-" else Path(path).open(encoding="utf-8") as file:
            return read(file)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--expect {path} cannot be read: {error}") from error
    except NotPublished as error:
        raise CommandError(f"--expect {path}: {error}") from error


def _looked_at(found: Verified) -> str:
    """What was looked at; an empty record says so."""
    if not found.segments:
        which = "sealed yet" if found.first == 1 else f"there from number {found.first} on"
        return f"No segment is {which}. Waiting for a seal: {found.waiting}."
    sealed = f"{found.last_sealed_at:%Y-%m-%d %H:%M:%S} UTC"
    removed = f", {found.removed} of them removed by retention" if found.removed else ""
    return (
        f"Segments {found.first} to {found.last}{removed}; events: {found.events}; last sealed {sealed}. "
        f"Waiting for a seal: {found.waiting}."
    )
