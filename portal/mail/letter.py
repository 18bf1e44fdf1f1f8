"""What a mail says, before it is text or HTML: one translated source for both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portal.mail.recipients import Outsider, Reader
from portal.models import MailKind


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject, a few sentences, facts beside their labels, somebody's own words, and one place to go.

    `path` begins with a slash: the address of the portal is put before it.
    """

    subject: str
    paragraphs: Sequence[str]
    button: str
    path: str
    facts: Sequence[tuple[str, str]] = ()
    rows: Sequence[tuple[str, str]] = ()
    quoted: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """These people are told this. `write` is called once a reader, in the reader's language and zone."""

    kind: MailKind
    readers: Sequence[Reader | Outsider]
    write: Callable[[Any], Letter]
