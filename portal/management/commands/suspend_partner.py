"""Suspend a partner's account, or lift its suspension."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from portal.actor import Actor
from portal.errors import OperationError
from portal.identifiers import canonical_guid
from portal.models import Partner
from portal.operations import suspensions as operations


class Command(BaseCommand):
    help = (
        "Suspend a partner: it can no longer be chosen as a support contact, and where it is one, customers are shown "
        "the provider until the suspension is lifted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--partner", required=True, help="PartnerID or Microsoft ID (tenant)")
        parser.add_argument("--reason", default="", help="kept in the record, at most 500 characters")
        parser.add_argument("--lift", action="store_true", help="end the suspension")

    def handle(self, *, partner: str, reason: str, lift: bool, **options: Any) -> None:
        row = _find(partner.strip())
        if not lift and not reason.strip():
            raise CommandError("--reason is missing: say why, the record keeps it.")
        if len(reason) > 500:
            raise CommandError(f"--reason is too long: {len(reason)} of 500 characters.")
        acting = Actor.operator(row.organisation)
        try:
            if lift:
                suspension = operations.lift_suspension(row, acting=acting, reason=reason.strip())
                self.stdout.write(
                    f"The suspension of {row.name} ended at {suspension.ended_at:%Y-%m-%d %H:%M:%S} UTC."
                )
            else:
                suspension = operations.suspend_partner(row, acting=acting, reason=reason.strip())
                self.stdout.write(
                    f"{row.name} is suspended since {suspension.started_at:%Y-%m-%d %H:%M:%S} UTC."
                )
        except OperationError as error:
            raise CommandError(f"{row.name}: {error}") from error


def _find(text: str) -> Partner:
    partners = Partner.objects.select_related("organisation")
    tenant = canonical_guid(text)
    found = partners.filter(partner_id=text).first() if text else None
    if found is None and tenant is not None:
        found = partners.filter(pk=tenant).first()
    if found is None:
        raise CommandError(f"No partner has the PartnerID or Microsoft ID {text}.")
    return found
