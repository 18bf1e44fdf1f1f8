"""What a reseller reads of the support contacts that come to it, and that it loses: nothing of who comes next."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.mail.letter import Letter
from support_contacts.letters.change import DUTIES, Change, facts_of, more_of, rows_of


def to_new_partner(changes: Sequence[Change]) -> Letter:
    first = changes[0]
    names = {"offer": first.offer, "customer": first.customer, "provider": first.provider, "n": len(changes)}
    if len(changes) == 1:
        subject = _("You are now the support contact for “%(offer)s” of “%(customer)s”") % names
    else:
        subject = (
            ngettext(
                "You are now the support contact for %(n)s subscription",
                "You are now the support contact for %(n)s subscriptions",
                len(changes),
            )
            % names
        )
    return Letter(
        subject,
        [_("“%(provider)s” chose you. The customer sees your support profile, and calls you.") % names],
        _("See what you support"),
        DUTIES,
        facts=facts_of(changes),
        rows=rows_of(changes),
        closing=more_of(changes),
    )


def to_old_partner(changes: Sequence[Change]) -> Letter:
    first = changes[0]
    names = {"offer": first.offer, "customer": first.customer, "n": len(changes)}
    if len(changes) == 1:
        subject = _("You are no longer the support contact for “%(offer)s” of “%(customer)s”") % names
    else:
        subject = (
            ngettext(
                "You are no longer the support contact for %(n)s subscription",
                "You are no longer the support contact for %(n)s subscriptions",
                len(changes),
            )
            % names
        )
    return Letter(
        subject,
        [_("The customer does not see you there any more. There is nothing to do.")],
        _("See what you supported"),
        f"{DUTIES}?show=earlier",
        facts=facts_of(changes),
        rows=rows_of(changes),
        closing=more_of(changes),
    )
