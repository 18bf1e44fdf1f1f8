"""Mails that were written, and their way out.

A mail is written once: its key is unique. It is handed over after `attempted_at` is committed, and again only after
the mail server, or the way to it, has said no: what may have arrived is never sent a second time.
"""

import contextlib
import logging
import smtplib
import uuid
from datetime import datetime

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone

from portal.jobs import AGAIN, defer
from portal.mail import sealed
from portal.mail.compose import absolute, compose, message_id, named, off_path
from portal.mail.letter import Telling
from portal.mail.recipients import Outsider, Reader, may_be_mailed
from portal.models import Mail, MailKind, Membership

logger = logging.getLogger(__name__)

#: The first attempt, and as many again as a job is tried again.
ATTEMPTS = 1 + (AGAIN.max_attempts or 0)
UNREACHABLE = "unreachable"
#: The line broke while the mail was handed over: it may have arrived.
_BROKEN = (
    smtplib.SMTPServerDisconnected,
    TimeoutError,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
)
#: The door is shut to us, whoever we write to: the operator will put that right.
_SHUT = (
    smtplib.SMTPHeloError,
    smtplib.SMTPConnectError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPSenderRefused,
)


class NotSent(Exception):
    """The mail server said no, or cannot be reached. The job fails with it, and is tried again later."""


def write(telling: Telling, reader: Reader | Outsider, *, key: str) -> None:
    """Keep a mail, and have it sent. Of two who tell the same thing to the same person at once, one does."""
    if Mail.objects.filter(key=key).exists():
        return
    composed = compose(telling, reader)
    mail = Mail(
        organisation=reader.organisation,
        user=reader.user,
        kind=telling.kind,
        key=key,
        address=reader.address,
        language=reader.language,
        subject=composed.subject,
        text=composed.text,
        html=composed.html,
    )
    with transaction.atomic():
        Mail.objects.bulk_create([mail], ignore_conflicts=True)
        if Mail.objects.filter(pk=mail.pk).exists():
            defer("portal.send_mail", mail_id=mail.pk)


def send(mail_id: uuid.UUID | str) -> None:
    """Hand one mail over. Raises NotSent where it is worth another attempt."""
    mail = _take(mail_id)
    if mail is None:
        return
    try:
        _hand_over(mail)
    except _BROKEN:
        logger.warning("mail_unknown", extra={"mail": str(mail.pk)}, exc_info=True)
    except OSError as refusal:
        _record_failure(mail, refusal)
    else:
        Mail.objects.filter(pk=mail.pk).update(sent_at=timezone.now())


def prune(before: datetime) -> None:
    """Forget mails older than anybody asks for."""
    Mail.objects.filter(created_at__lt=before).delete()


def _take(mail_id: uuid.UUID | str) -> Mail | None:
    """The mail, with this attempt committed; None where there is nothing to send, or somebody may have sent it."""
    with transaction.atomic(durable=True):
        rows = Mail.objects.select_for_update(of=("self",)).select_related("user")
        mail = rows.filter(pk=mail_id, sent_at=None, gave_up_at=None).first()
        if mail is None or (mail.attempted_at is not None and not mail.failure):
            return None
        now = timezone.now()
        if not _is_wanted(mail):
            mail.gave_up_at, mail.failure = now, ""
            mail.save(update_fields=["gave_up_at", "failure"])
            return None
        mail.attempted_at, mail.failure, mail.attempts = now, "", mail.attempts + 1
        mail.save(update_fields=["attempted_at", "failure", "attempts"])
        return mail


def _is_wanted(mail: Mail) -> bool:
    """Asked again when it goes: roles, memberships and wishes may have changed since it was written."""
    if mail.kind == MailKind.INVITATION:
        return sealed.is_open(mail)
    if mail.user is None or not may_be_mailed(mail.user, mail.kind):
        return False
    if mail.kind == MailKind.MEMBER:  # also tells those who were just removed
        return True
    return Membership.objects.filter(organisation_id=mail.organisation_id, user=mail.user).exists()


def _hand_over(mail: Mail) -> None:
    connection = get_connection()
    try:
        try:
            connection.open()
        except _BROKEN as error:  # nothing was said yet
            raise OSError(str(error)) from error
        connection.send_messages([message_of(mail)])
    finally:
        with contextlib.suppress(OSError):
            connection.close()


def message_of(mail: Mail) -> EmailMultiAlternatives:
    """The mail as it goes out."""
    headers = {
        "Message-ID": message_id(mail.pk),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Portal-Mail": str(mail.pk),
    }
    if mail.user_id and mail.kind != MailKind.INVITATION:
        headers["List-Unsubscribe"] = f"<{absolute(off_path(str(mail.user_id), mail.kind))}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = sealed.revealed(mail)
    message = EmailMultiAlternatives(mail.subject, text, to=[mail.address], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _record_failure(mail: Mail, refusal: OSError) -> None:
    """What the mail server said; the last attempt, or a no for good, is the end of it."""
    code, said = _answer(refusal)
    failure = named(f"{code or ''} {said}")[:300] or UNREACHABLE
    logger.warning("mail_not_sent", extra={"mail": str(mail.pk), "attempt": mail.attempts}, exc_info=refusal)
    is_final = code >= 500 or mail.attempts >= ATTEMPTS
    Mail.objects.filter(pk=mail.pk).update(failure=failure, gave_up_at=timezone.now() if is_final else None)
    if not is_final:
        raise NotSent(failure) from refusal


def _answer(refusal: OSError) -> tuple[int, str]:
    """Code and words of a mail server's no; 0 where no server spoke."""
    said: bytes | str
    if isinstance(refusal, smtplib.SMTPRecipientsRefused) and refusal.recipients:
        code, said = next(iter(refusal.recipients.values()))
    elif isinstance(refusal, smtplib.SMTPResponseException):
        code, said = refusal.smtp_code, refusal.smtp_error
    else:
        return 0, ""
    if isinstance(refusal, _SHUT):
        code = 0
    return code, said.decode(errors="replace") if isinstance(said, bytes) else str(said)
