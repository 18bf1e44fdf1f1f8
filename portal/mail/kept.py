"""Mails that lie in the folder of this machine, where no mail server is set: what the demo shows besides our own.

Invitations and new passwords are mailed without the outbox, since only the mail may know their link.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

_BETWEEN = b"\n" + b"-" * 79 + b"\n"
_NAMESPACE = uuid.UUID("5d0e2f0c-5d7e-4f0b-9f2f-2b2a3f7f3f10")


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail as it was handed over."""

    id: uuid.UUID
    at: datetime
    address: str
    subject: str
    text: str
    html: str = ""


def kept(*, before: datetime | None = None, limit: int = 200) -> list[Kept]:
    """The newest mails of the folder that did not come from the outbox."""
    found: list[Kept] = []
    for path, at in _files():
        if len(found) >= limit:
            break
        if before is None or at < before:
            found += _read(path, at)
    return found


def find(wanted: uuid.UUID) -> Kept | None:
    return next((mail for mail in kept() if mail.id == wanted), None)


def _files() -> list[tuple[Path, datetime]]:
    """The folder's files, newest first. One that vanishes meanwhile was never there."""
    dated = []
    for path in Path(settings.EMAIL_FILE_PATH).glob("*.log"):
        try:
            dated.append((path, datetime.fromtimestamp(path.stat().st_mtime, UTC)))
        except OSError:
            continue
    return sorted(dated, key=lambda row: (row[1], row[0].name), reverse=True)


def _read(path: Path, at: datetime) -> Iterator[Kept]:
    try:
        raw = path.read_bytes()
    except OSError:
        return
    for number, part in enumerate(piece for piece in raw.split(_BETWEEN) if piece.strip()):
        message = message_from_bytes(part.lstrip(), _class=EmailMessage, policy=policy.default)
        if message["X-Portal-Mail"]:
            continue
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        yield Kept(
            id=uuid.uuid5(_NAMESPACE, f"{path.name}:{number}"),
            at=at,
            address=str(message["To"] or ""),
            subject=str(message["Subject"] or ""),
            text=plain.get_content() if plain else "",
            html=html.get_content() if html else "",
        )
