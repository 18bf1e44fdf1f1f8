"""What a provider's agents read of the designations that somebody else ended."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.mail.letter import Letter
from portal.mail.telling import note_of
from support_contacts.letters.change import CONTACTS, Change, more_of, rows_of
from support_contacts.models import EndedAs


def to_provider(changes: Sequence[Change]) -> Letter:
    """Ended by somebody else: its reseller, or the provider's own policy."""
    first = changes[0]
    partner = first.partner("before", "designated")
    names = {
        "offer": first.offer,
        "customer": first.customer,
        "partner": partner[1] if partner else "",
        "n": len(changes),
    }
    if len(changes) == 1:
        subjects = {
            EndedAs.DECLINED: _("“%(partner)s” declined to support “%(offer)s” of “%(customer)s”"),
            EndedAs.HANDED_BACK: _("“%(partner)s” handed back “%(offer)s” of “%(customer)s”"),
        }
        ended = subjects.get(first.event.after.get("ended_as"))
        subject = (ended or _("“%(partner)s” no longer supports “%(offer)s” of “%(customer)s”")) % names
    else:
        subject = (
            ngettext(
                "%(n)s support contact went back to you",
                "%(n)s support contacts went back to you",
                len(changes),
            )
            % names
        )
    by_policy = first.event.actor_kind == "system"
    lines = [_("Your policy for support contacts that no longer hold ended it.")] if by_policy else []
    return Letter(
        subject,
        [*lines, _("The customer sees you instead. You may choose another support contact.")],
        _("Open the subscription") if len(changes) == 1 else _("Open your support contacts"),
        first.path if len(changes) == 1 else CONTACTS,
        rows=rows_of(changes),
        quoted=note_of(first.event) if len(changes) == 1 else "",
        closing=more_of(changes),
    )
