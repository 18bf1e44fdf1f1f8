"""What is told besides choices: a hand-back to come, a subscription registered for support or taken off the list."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, people
from portal.mail.telling import note_of, tells
from portal.models import Action, AuditEvent, MailKind
from portal.templatetags.ui import plain_date
from support_contacts.letters.change import AGENTS, READERS, WHOM_TO_CALL, changes_of
from support_contacts.letters.designations import by_organisation, left
from support_contacts.letters.to_partners import to_old_partner


@tells(Action.DESIGNATION_HAND_BACK_PLANNED)
def hand_back_planned(event: AuditEvent) -> Iterator[Telling]:
    """The provider's agents, in time to choose somebody else."""
    change = next(iter(changes_of([event])), None)
    partner = change.partner("after", "designated") if change else None
    if change is None or partner is None:
        return
    planned = event.after.get("hands_back_at")

    def write(reader: Reader) -> Letter:
        names = {"partner": partner[1], "offer": change.offer, "customer": change.customer}
        if not planned:
            subject = _("“%(partner)s” keeps “%(offer)s” of “%(customer)s” after all")
            lines = [_("The hand-back that was announced is off.")]
        else:
            names["date"] = plain_date(datetime.fromisoformat(planned))
            subject = _("“%(partner)s” hands back “%(offer)s” of “%(customer)s” on %(date)s")
            lines = [_("Until then nothing changes. Afterwards the customer sees you instead.")]
        return Letter(subject % names, lines, _("Open the subscription"), change.path, quoted=note_of(event))

    kind = MailKind.DESIGNATION
    yield Telling(kind, people(event.organisation_id, *AGENTS, kind=kind, but=event.actor_id), write)


@tells(Action.SUBSCRIPTION_REGISTERED)
def registered(event: AuditEvent) -> Iterator[Telling]:
    """The customer whose list it now stands in."""
    change = next(iter(changes_of([event])), None)
    if change is None:
        return

    def write(reader: Reader) -> Letter:
        names = {"provider": change.provider, "offer": change.offer}
        return Letter(
            _("“%(provider)s” added “%(offer)s” for support") % names,
            [
                _("It was bought elsewhere. “%(provider)s” now helps you with it.") % names,
                _("If that is not right, take it off your list."),
            ],
            _("Whom to call"),
            WHOM_TO_CALL,
        )

    kind, customer_id = MailKind.DESIGNATION, change.subscription.customer_id
    yield Telling(kind, people(customer_id, *READERS, kind=kind, but=event.actor_id), write)


@tells(Action.SUBSCRIPTION_REMOVED)
def removed(event: AuditEvent) -> Iterator[Telling]:
    """Whoever had registered it, and whoever supported it."""
    change = next(iter(changes_of([event])), None)
    if change is None:
        return

    def write(reader: Reader) -> Letter:
        names = {"offer": change.offer, "customer": change.customer}
        return Letter(
            _("“%(offer)s” of “%(customer)s” is no longer registered for support") % names,
            [_("It ended on %(date)s, and its support contact with it.") % {"date": plain_date(event.at)}],
            _("Open the subscription"),
            change.path,
        )

    kind, provider_id = MailKind.DESIGNATION, change.subscription.provider_id
    if event.actor_organisation_id != provider_id:
        yield Telling(kind, people(provider_id, *AGENTS, kind=kind, but=event.actor_id), write)
    yield from by_organisation(left([change]), AGENTS, to_old_partner)
