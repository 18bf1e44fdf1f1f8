"""Links to a request that waits for an answer. They lead there and grant nothing (R10)."""

import secrets
import uuid
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac

from portal.identifiers import canonical_guid
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


def another_token(kind: AnswerLink.Kind, target_id: uuid.UUID) -> str:
    """Another token of this request's open link, for somebody who was not shown the first; "" when there is none.

    It is derived, not drawn: it leads where the link on the screen does, dies with it, and does not end it. A mail can
    carry it without a job being given a secret.
    """
    link = AnswerLink.objects.filter(kind=kind, target_id=target_id, ended_at=None).first()
    return f"{link.pk.hex}.{_seal(link)}" if link else ""


def follow(token: str) -> AnswerLink | None:
    """The open link of this token; None for one that was used, replaced, or never was. One query, whatever it is."""
    name, _dot, seal = token.partition(".")
    pk = canonical_guid(name) if seal else None
    rows = AnswerLink.objects.filter(ended_at=None).select_related("organisation")
    if pk is None:
        return rows.filter(token_hash=hash_of(token)).first()
    link = rows.filter(pk=pk).first()
    return link if link and constant_time_compare(seal, _seal(link)) else None


def _seal(link: AnswerLink) -> str:
    return salted_hmac("answer-link", f"{link.pk}:{link.token_hash}", algorithm="sha256").hexdigest()
