"""Erase a person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from portal.errors import OperationError
from portal.operations.erasure import erase_person


class Command(BaseCommand):
    help = (
        "Delete a person's account, memberships, sessions, second factors, notices, mails and invitations. The "
        "activity log keeps what they did, under an id without a name. It cannot be undone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the person's address")

    def handle(self, *, email: str, **options: Any) -> None:
        try:
            erased = erase_person(email)
        except OperationError as error:
            raise CommandError(str(error)) from error
        called = f"the record calls them {erased.user_id}" if erased.user_id else "there was no account"
        members = ", ".join(erased.organisations) or "no organisation"
        self.stdout.write(f"Erased; {called}. Member of: {members}.")
        self.stdout.write(
            f"Gone too: sessions {erased.sessions}, invitations {erased.invitations}, mails {erased.mails}."
        )
        self.stdout.write(
            "Notes and messages people typed stay, as do mails to others for 90 days; search them for the name."
        )
