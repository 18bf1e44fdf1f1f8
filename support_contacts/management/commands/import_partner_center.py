from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from portal.actor import Actor
from portal.errors import OperationError
from portal.identifiers import canonical_guid
from portal.models import Partner
from support_contacts.importing.report import Outcome, Report, Where, shown
from support_contacts.operations.importing import import_partner_center

READS = """
Reads bodies as Microsoft's Partner Center and Graph answer them, and a table of delegated admin:

  customers              collections and details, also those of an indirect reseller
  subscriptions          traditional and new commerce, one or many, add-ons
  relationships          the provider's list of resellers (items with "state"); resellers of a customer (without)
  support contact        judged by the same rules as a choice made in the portal
  support profile        of the importing partner
  delegatedAdminRelationships of Microsoft Graph: the importing partner's own
  CSV with the columns customer, partner, from, until: tenant IDs (or a PartnerID), dates; a bare "until" is inclusive,
                         a row without "until" is DAP

All files of one call count as one: the last file to say something wins, disagreements are told. What a file leaves out
stays as it is; nothing is deleted; a second run changes nothing. One transaction: an item that cannot be stored is told
with file, path and reason, and the rest is imported.

Exit status: 0 everything was read and is stored, with or without remarks; 1 something was refused or could not be read,
the rest is imported; 2 nothing is imported.
"""


class Command(BaseCommand):
    help = "Import what Microsoft's Partner Center and Graph APIs answered."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, epilog=READS, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--partner", required=True, help="whose data it is: PartnerID or tenant ID")
        parser.add_argument("--customer", help="tenant ID for items whose body and links name no customer")
        parser.add_argument("--dry-run", action="store_true", help="the same, and then undone")
        parser.add_argument(
            "--overwrite", action="store_true", help="let the files replace what a person decided here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        partner = self.partner(options["partner"])
        customer = canonical_guid(options["customer"]) if options["customer"] else None
        if options["customer"] and customer is None:
            raise CommandError(f"--customer {shown(options['customer'])} is no tenant ID.", returncode=2)
        unreadable = Report()
        files = []
        for name in options["files"]:
            try:
                files.append((Path(name).name, Path(name).read_bytes()))
            except OSError as error:
                unreadable.refuse(Where(shown(name, 200)), f"cannot be read: {error.strerror or error}")
            except ValueError as error:
                unreadable.refuse(Where(shown(name, 200)), f"cannot be read: {error}")
        try:
            report = import_partner_center(
                partner,
                files=files,
                acting=Actor.operator(partner.organisation, channel="import"),
                customer=customer,
                overwrite=options["overwrite"],
                dry_run=options["dry_run"],
            )
        except OperationError as error:
            raise CommandError(str(error), returncode=2) from error
        except OperationalError as error:
            reason = shown(str(error).partition("\n")[0], 200)
            raise CommandError(f"Nothing was imported; the database says: {reason}", returncode=2) from error
        report.lines[:0] = unreadable.lines
        self.say(report, dry_run=options["dry_run"])
        if report.has_refusals:
            raise SystemExit(1)

    def partner(self, text: str) -> Partner:
        """The importing partner, by tenant id in any notation or by PartnerID."""
        tenant = canonical_guid(text)
        partners = Partner.objects.select_related("organisation")
        found = partners.filter(pk=tenant).first() if tenant else None
        if found is None and text.strip():
            found = partners.filter(partner_id=text.strip()).first()
        if found is None:
            raise CommandError(f"No partner is {shown(text)}; create_organisation makes one.", returncode=2)
        return found

    def say(self, report: Report, *, dry_run: bool) -> None:
        for line in report.grouped():
            self.stdout.write(line)
        summary = report.summary()
        if report.lines and summary:
            self.stdout.write("")
        width = max((len(kind) for kind in summary), default=0)
        for kind, counts in summary.items():
            numbers = "".join(f"{counts[outcome.value]:>9,} {outcome.value}" for outcome in Outcome)
            self.stdout.write(f"{kind:<{width}}{numbers}")
        self.stdout.write(f"{report.events} events")
        if dry_run:
            self.stdout.write("A dry run: nothing was stored.")
