"""Make an organisation and a one-use link for its first global admin."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse

from portal import zones
from portal.errors import OperationError
from portal.identifiers import canonical_guid
from portal.models import Organisation
from portal.operations import organisations as operations


class Command(BaseCommand):
    help = (
        "Make an organisation of any kind and print a one-use link (7 days) with which its first global admin sets a "
        "password. A stub that an import left under the same tenant or PartnerID is taken over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="the organisation's name")
        parser.add_argument(
            "--kind", action="append", default=[], choices=operations.KINDS, help="repeat it for dual roles"
        )
        parser.add_argument("--tenant", default="", help="Microsoft ID (GUID); a new one is made without it")
        parser.add_argument("--partner-id", default="", help="PartnerID (MPN ID), digits")
        parser.add_argument("--domain", default="", help="primary domain")
        parser.add_argument("--country", default="", help="two letters, as in FR")
        parser.add_argument(
            "--zone", default="", help="IANA time zone, as in Europe/Paris; else the country's"
        )
        parser.add_argument("--admin-email", required=True, help="address of the first global admin")
        parser.add_argument("--admin-name", default="", help="name of the first global admin")
        parser.add_argument("--url", default="", help="where the portal is, as in https://portal.example")
        parser.add_argument(
            "--link-only",
            action="store_true",
            help="the organisation --tenant is there already: only a new link for a global admin of it",
        )

    def handle(self, **options: Any) -> None:
        try:
            validate_email(options["admin_email"])
        except ValidationError as error:
            raise CommandError(f"--admin-email {options['admin_email']} is not an email address.") from error
        tenant = canonical_guid(options["tenant"]) if options["tenant"] else None
        if options["tenant"] and tenant is None:
            raise CommandError(f"--tenant {options['tenant']} is not a GUID.")
        try:
            created = (
                self._link_only(tenant, options) if options["link_only"] else self._create(tenant, options)
            )
        except OperationError as error:
            raise CommandError(str(error)) from error
        organisation = created.organisation
        verb = "New link for" if options["link_only"] else "Taken over" if created.adopted else "Made"
        self.stdout.write(f"{verb} {organisation.name}, tenant {organisation.pk}.")
        self.stdout.write(
            f"{created.invitation.email} opens this link within 7 days; it works once and is shown only here:"
        )
        self.stdout.write(f"{_base(options['url'])}{reverse('join', args=[created.token])}")

    def _create(self, tenant: Any, options: dict[str, Any]) -> operations.Created:
        if not (options["name"] or "").strip():
            raise CommandError("--name is missing.")
        if not options["kind"]:
            raise CommandError(f"--kind is missing: {', '.join(operations.KINDS)}.")
        zone = options["zone"] or zones.zone_of_country(options["country"])
        if not zones.is_zone(zone):
            raise CommandError(f"--zone {zone} is not an IANA time zone like Europe/Paris.")
        return operations.create_organisation(
            name=options["name"],
            kinds=options["kind"],
            admin_email=options["admin_email"],
            admin_name=options["admin_name"],
            tenant=tenant,
            partner_id=options["partner_id"].strip(),
            domain=options["domain"],
            country=options["country"],
            time_zone=zone,
        )

    def _link_only(self, tenant: Any, options: dict[str, Any]) -> operations.Created:
        organisation = Organisation.objects.filter(pk=tenant).first() if tenant else None
        if organisation is None:
            raise CommandError("--link-only needs --tenant of an organisation that is there.")
        return operations.new_admin_link(
            organisation, admin_email=options["admin_email"], admin_name=options["admin_name"]
        )


def _base(given: str) -> str:
    """Where people open the portal: as told, else what the settings let one guess."""
    if given:
        return given.rstrip("/")
    host = next((host for host in settings.ALLOWED_HOSTS if host not in ("*", "[::1]")), "localhost").lstrip(
        "."
    )
    if settings.SECURE_SSL_REDIRECT:
        return f"https://{host}"
    return f"http://{host}:{settings.ENVIRONMENT.port}"
