"""What came of a step, for the next page alone: the row it was about says so, also without JavaScript.

It waits in the session, as codes; the words are made where they are read. A link to an answer is shown this once.
"""

import uuid
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.identifiers import canonical_guid

KEY = "said"


@dataclass(frozen=True, slots=True)
class Said:
    """The words for one row: who it is about, what happened, the link if there is one to copy."""

    about: uuid.UUID
    text: str
    link: str = ""
    is_refusal: bool = False


def say(request: HttpRequest, about: uuid.UUID, code: str, *, text: str = "", link: str = "") -> None:
    """Remember it for the page that is shown next."""
    request.session[KEY] = {"about": str(about), "code": code, "text": text, "link": link}


def take(request: HttpRequest) -> Said | None:
    """What is to be said, once."""
    stored = request.session.pop(KEY, None) if KEY in request.session else None
    about = canonical_guid(stored.get("about")) if isinstance(stored, dict) else None
    if stored is None or about is None:
        return None
    words = {
        "requested": _("Requested. Here you are told when it can be chosen."),
        "requested_already": _("It was requested already. Here you are told when it can be chosen."),
        "resent": _("Sent again."),
        "copied": _("A new link, shown this once. The one before no longer works."),
        "asked": _("Your admin agents are asked. Here you are told when it can be chosen."),
        "asked_already": _("Your admin agents were asked already."),
    }
    code = stored.get("code", "")
    return Said(about, words.get(code) or stored.get("text", ""), stored.get("link", ""), code == "refused")
