"""Make an operator of the portal, or take the second factor of one away."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.core.validators import validate_email

from portal.errors import OperationError
from portal.operations import operators


class Command(BaseCommand):
    help = (
        "Make an account that may read the operators' admin (OPERATOR_ADMIN=1), with a first password that is shown "
        "once. Before it is shown anything it sets up a second factor. It belongs to no organisation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="Operator", help="shown in the operators' admin")
        parser.add_argument(
            "--reset",
            action="store_true",
            help="lost phone: take the second factor away, with a new password",
        )
        parser.add_argument("--remove", action="store_true", help="it is no operator any more, at once")

    def handle(self, *, email: str, name: str, reset: bool, remove: bool, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an email address.") from error
        password = secrets.token_urlsafe(18)
        try:
            if remove:
                operators.remove_operator(email)
                self.stdout.write(f"{email} is no operator any more; its sessions have ended.")
                return
            if reset:
                operators.reset_operator(email, password=password)
            else:
                operators.create_operator(email, name=name, password=password)
        except OperationError as error:
            raise CommandError(f"{email}: {error}") from error
        self.stdout.write(f"{email} signs in with this password, shown only here, and changes it:")
        self.stdout.write(password)
