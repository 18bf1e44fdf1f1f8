"""Links to a request that waits for an answer. They lead there and grant nothing (R10)."""

import secrets
import uuid
from datetime import datetime

from portal.models import AnswerLink, Organisation
from portal.operations.links import hash_of


def renew(kind: AnswerLink.Kind, target_id: uuid.UUID, *, organisation: Organisation, at: datetime) -> str:
    """A new link to this request for the people of `organisation`; the one before is dead. Its token, once.

    Inside the caller's transaction, which holds the request's row.
    """
    end(kind, target_id, at=at)
    token = secrets.token_urlsafe(24)
    AnswerLink.objects.create(
        token_hash=hash_of(token), kind=kind, target_id=target_id, organisation=organisation, created_at=at
    )
    return token


def end(kind: AnswerLink.Kind, target_id: uuid.UUID, *, at: datetime) -> None:
    """The request was answered, withdrawn or lapsed: its link leads nowhere any more."""
    AnswerLink.objects.filter(kind=kind, target_id=target_id, ended_at=None).update(ended_at=at)


def follow(token: str) -> AnswerLink | None:
    """The open link of this token; None for one that was used, replaced, or never was."""
    return (
        AnswerLink.objects.filter(token_hash=hash_of(token), ended_at=None).select_related("organisation").first()
    )
