"""A letter becomes a mail: text and HTML from one source, in its reader's language and zone."""

import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from portal.identifiers import canonical_guid
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Outsider, Reader
from portal.models import MailKind

SUBJECT_LENGTH = 300
_OFF = signing.Signer(salt="portal.mail.off", sep="~")


@dataclass(frozen=True, slots=True)
class Composed:
    subject: str
    text: str
    html: str


def compose(telling: Telling, reader: Reader | Outsider) -> Composed:
    """What this reader is sent."""
    with translation.override(reader.language), timezone.override(reader.zone):
        return render(telling.write(reader), kind=telling.kind, reader=reader)


def render(letter: Letter, *, kind: MailKind, reader: Reader | Outsider) -> Composed:
    """Both forms of a letter, in the active language."""
    subject = named(letter.subject)[:SUBJECT_LENGTH]
    context = {
        "letter": letter,
        "subject": subject,
        "url": absolute(letter.path),
        "kind": MailKind(kind).label,
        "organisation": named(reader.organisation.name),
        "off_url": absolute(off_path(str(reader.user.pk), kind)) if reader.user else "",
        "preferences_url": absolute(reverse("preferences")),
        "home_url": absolute("/"),
    }
    text = render_to_string("emails/message.txt", context).strip() + "\n"
    return Composed(subject, text, render_to_string("emails/message.html", context).strip() + "\n")


def absolute(path: str) -> str:
    """The address of a page as somebody outside the portal reaches it."""
    return f"{settings.PUBLIC_URL}{path}"


def named(text: object) -> str:
    """Somebody's words on one line, without what would turn the rest of the line round or break it."""
    kept = "".join(
        letter if unicodedata.category(letter) not in ("Cc", "Cf", "Zl", "Zp") else " "
        for letter in str(text)
    )
    return " ".join(kept.split())


def off_path(user_id: str, kind: MailKind | str) -> str:
    """Where a person switches this kind of mail off without signing in: the signature is the authority."""
    return reverse("mail-off", args=[_OFF.sign(f"{user_id}.{MailKind(kind).value}")])


def read_off(signed: str) -> tuple[str, MailKind] | None:
    """Whom and what a link of ours switches off; None for one we never made."""
    try:
        user_id, _dot, kind = _OFF.unsign(signed).rpartition(".")
    except signing.BadSignature:
        return None
    if canonical_guid(user_id) is None or kind not in MailKind.values:
        return None
    return user_id, MailKind(kind)


def message_id(mail_id: object) -> str:
    """The same for every attempt, so that a mail server that has it already may say so; tells nothing else."""
    mark = salted_hmac("portal.mail.id", str(mail_id), algorithm="sha256").hexdigest()[:40]
    host = settings.PUBLIC_URL.partition("://")[2].partition(":")[0]
    return f"<{mark}@{host}>"
