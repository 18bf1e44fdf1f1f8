"""Mails that were written, and their way out: handed over at most once, retried only where that is sure to be safe."""

from portal.mail.letter import Telling
from portal.mail.recipients import Reader


def write(telling: Telling, reader: Reader, *, key: str) -> None:
    """Keep the mail and defer its sending."""


def send(mail_id: str) -> None:
    """Hand one mail over."""
