"""Invented customers by the hundred thousand."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from portal.errors import OperationError
from portal.models import Organisation
from support_contacts.generating.people import sign_ins
from support_contacts.generating.run import generate


class Command(BaseCommand):
    help = (
        "Fill the database with invented customers, subscriptions, resellers, support contacts and their history, to "
        "try the portal at size: 100,000 customers take about a minute. Half of them belong to one provider. The same "
        "seed makes the same data on the same day. Runs as the tables' owner, who rebuilds their indexes; nobody else "
        "can use them meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, required=True, help="how many, as in 100000")
        parser.add_argument("--providers", type=int, help="how many sell to them; otherwise 3 to 24")
        parser.add_argument("--seed", type=int, default=1, help="another one for more data beside the first")
        parser.add_argument(
            "--yes",
            action="store_true",
            help="also where there are organisations that are not of a demonstration",
        )

    def handle(self, *, customers: int, providers: int | None, seed: int, yes: bool, **options: Any) -> None:
        providers = providers or max(3, min(24, customers // 400))
        if not 1 <= providers <= 500 or not providers <= customers <= 10_000_000:
            raise CommandError("Give 1 to 10,000,000 customers, and not more providers than customers.")
        real = Organisation.objects.filter(is_demo=False)
        if not settings.DEMO and not yes and real.exists():
            raise CommandError(
                "There are organisations here already, and invented ones could never be taken out again: "
                "use an empty database, or say --yes."
            )
        try:
            made = generate(
                customers=customers,
                providers=providers,
                seed=seed,
                now=timezone.now(),
                demo=settings.DEMO,
                say=self.stdout.write if options["verbosity"] > 1 else lambda _text: None,
            )
        except OperationError as error:
            raise CommandError(str(error)) from error
        width = max(map(len, made.rows))
        for name, rows in made.rows.items():
            self.stdout.write(f"{name:<{width}} {rows:>12,}")
        self.stdout.write(f"{sum(made.rows.values()):,} rows in {made.seconds:.0f} s")
        for line in sign_ins(made, demo=settings.DEMO):
            self.stdout.write(line)
