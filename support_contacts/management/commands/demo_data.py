"""Invented data to try the portal with."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from portal.models import Organisation
from support_contacts.demo.people import PASSWORD
from support_contacts.demo.seed import seed

#: One seeding at a time, whoever starts it.
LOCK = 7_140_226


class Command(BaseCommand):
    help = (
        "Fills an empty database with invented organisations and history. Only while DEMO=1, and only once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data is for trying the portal only: set DEMO=1.")
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            if Organisation.objects.exists():
                self.stdout.write("There is data already: nothing was changed.")
                return
            seed(timezone.now())
        self.stdout.write(
            f"Demo data is there. Try admin-agent@fabrikam.example or admin@contoso.example: {PASSWORD}"
        )
