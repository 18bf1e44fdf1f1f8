"""What a customer reads: whom to call from now on, and nothing of people and notes."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.mail.letter import Letter
from support_contacts.letters.change import LISTED, WHOM_TO_CALL, Change, more_of


def to_customer(changes: Sequence[Change]) -> Letter:
    first = changes[0]
    before, now = first.partner("before", "contact"), first.partner("after", "contact")
    names = {"partner": now[1] if now else "", "offer": first.offer, "n": len(changes)}
    rows: list[tuple[str, str]] = []
    facts: list[tuple[str, str]] = []
    if len(changes) == 1:
        subject = _("Call “%(partner)s” for “%(offer)s” from now on") % names
        facts = [(_("Before"), before[1] if before else ""), (_("Now"), now[1] if now else "")]
    else:
        subject = (
            ngettext(
                "Whom to call changed for %(n)s subscription",
                "Whom to call changed for %(n)s subscriptions",
                len(changes),
            )
            % names
        )
        for change in changes[:LISTED]:
            partner = change.partner("after", "contact")
            text = _("Call “%(partner)s” from now on.") % {"partner": partner[1] if partner else ""}
            rows.append((change.offer, text))
    return Letter(
        subject,
        [_("Telephone, hours and email stand in the portal, always as they are at that moment.")],
        _("Whom to call"),
        WHOM_TO_CALL,
        facts=facts,
        rows=rows,
        closing=more_of(changes),
    )
