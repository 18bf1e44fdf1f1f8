"""What people are told of support contacts: made, ended, handed back; reported, answered; bought elsewhere.

Everybody concerned is told except the organisation that did it. A reseller learns nothing of who comes after it, a
customer nothing of people and notes.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import CustomerRelationship
from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, member, people
from portal.mail.telling import note_of, siblings, tells, tells_batch
from portal.models import Action, AuditEvent, MailKind
from portal.permissions import Role
from portal.templatetags.ui import plain_date
from subscriptions.models import Subscription
from support_contacts.models import ContactReport, EndedAs

#: Who works with support contacts, at a provider and at a reseller; who reads them at a customer.
AGENTS = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT)
READERS = (Role.GLOBAL_ADMIN, Role.SERVICE_SUPPORT_ADMIN)
CONTACTS, DUTIES, WHOM_TO_CALL = "/support-contacts/", "/duties/", "/support/"
#: Rows a mail lists; the portal has the rest.
LISTED = 20

_CHANGES = (Action.DESIGNATION_MADE, Action.DESIGNATION_ENDED)
Groups = Mapping[uuid.UUID, Sequence["Change"]]


@dataclass(frozen=True, slots=True)
class Change:
    """One event about one subscription, with what its sides call each other."""

    event: AuditEvent
    subscription: Subscription
    customer: str

    @property
    def offer(self) -> str:
        return named(self.subscription.name)

    @property
    def provider(self) -> str:
        return named(self.subscription.provider.name)

    @property
    def path(self) -> str:
        row = self.subscription
        return f"/customers/{row.customer_id}/subscriptions/{row.public_id}/"

    def partner(self, when: str, what: str) -> tuple[uuid.UUID, str] | None:
        """Id and name of a partner the event names: `before` or `after`, `contact` or `designated`."""
        said = getattr(self.event, when).get(what)
        return (uuid.UUID(said["id"]), named(said["name"])) if said else None


@tells(*_CHANGES)
def changed(event: AuditEvent) -> Iterator[Telling]:
    """A choice, with the add-ons that went along: one mail a person, told by the first event of the act."""
    events = [row for row in siblings(event) if row.action in _CHANGES]
    if not events or events[0].pk == event.pk:
        yield from changed_many(events or [event])


@tells_batch(*_CHANGES)
def changed_many(events: list[AuditEvent]) -> Iterator[Telling]:
    """Whoever the subscriptions came to, whoever they left, the customers that call somebody else from now on."""
    changes = changes_of(events)
    yield from _by_organisation(_came_to(changes), AGENTS, _to_new_partner)
    yield from _by_organisation(_left(changes), AGENTS, _to_old_partner)
    yield from _by_organisation(_at_customers(changes), READERS, _to_customer)
    yield from _by_organisation(_at_providers(changes), AGENTS, _to_provider)


def changes_of(events: Iterable[AuditEvent]) -> list[Change]:
    """The events whose subscriptions are still here. Two queries."""
    found = list(events)
    rows = Subscription.objects.filter(pk__in=[event.subscription_id for event in found])
    by_pk = {row.pk: row for row in rows.select_related("provider__organisation", "customer__organisation")}
    views = CustomerRelationship.objects.filter(
        partner_id__in={row.provider_id for row in by_pk.values()},
        customer_id__in={row.customer_id for row in by_pk.values()},
    ).order_by(F("established_at").asc(nulls_first=True))
    # The provider's company name for the customer, never its alias: resellers read it too.
    names = {(view.partner_id, view.customer_id): view.company_name for view in views}
    return [
        Change(event, row, named(names.get((row.provider_id, row.customer_id)) or row.customer_id))
        for event in found
        if event.subscription_id and (row := by_pk.get(event.subscription_id))
    ]


def _came_to(changes: Iterable[Change]) -> Groups:
    return _grouped(
        (partner[0], change) for change in changes if (partner := change.partner("after", "designated"))
    )


def _left(changes: Iterable[Change]) -> Groups:
    return _grouped(
        (partner[0], change)
        for change in changes
        if (partner := change.partner("before", "designated"))
        and partner != change.partner("after", "designated")
    )


def _at_customers(changes: Iterable[Change]) -> Groups:
    """Where the customer calls somebody else from now on; a choice that held no longer changes nothing for it."""
    return _grouped(
        (change.subscription.customer_id, change)
        for change in changes
        if change.partner("before", "contact") != change.partner("after", "contact")
    )


def _at_providers(changes: Iterable[Change]) -> Groups:
    return _grouped((change.subscription.provider_id, change) for change in changes)


def _grouped(pairs: Iterable[tuple[uuid.UUID, Change]]) -> Groups:
    groups: dict[uuid.UUID, list[Change]] = defaultdict(list)
    for organisation_id, change in pairs:
        if change.event.actor_organisation_id != organisation_id or change.event.actor_kind == "system":
            groups[organisation_id].append(change)
    return groups


def _by_organisation(
    groups: Groups, roles: Sequence[Role], write: Callable[[Sequence[Change]], Letter]
) -> Iterator[Telling]:
    kind = MailKind.DESIGNATION
    for organisation_id, changes in groups.items():
        readers = people(organisation_id, *roles, kind=kind, but=changes[0].event.actor_id)
        yield Telling(kind, readers, lambda reader, changes=changes: write(changes))  # type: ignore[misc]


def _to_new_partner(changes: Sequence[Change]) -> Letter:
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
        facts=_facts(changes),
        rows=_rows(changes),
        closing=_more(changes),
    )


def _to_old_partner(changes: Sequence[Change]) -> Letter:
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
        facts=_facts(changes),
        rows=_rows(changes),
        closing=_more(changes),
    )


def _to_customer(changes: Sequence[Change]) -> Letter:
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
        closing=_more(changes),
    )


def _to_provider(changes: Sequence[Change]) -> Letter:
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
        rows=_rows(changes),
        quoted=note_of(first.event) if len(changes) == 1 else "",
        closing=_more(changes),
    )


def _facts(changes: Sequence[Change]) -> list[tuple[str, str]]:
    if len(changes) > 1:
        return []
    first = changes[0]
    return [
        (_("Customer"), first.customer),
        (_("Subscription"), first.offer),
        (_("Sold by"), first.provider),
        (_("Date"), plain_date(first.event.at)),
    ]


def _rows(changes: Sequence[Change]) -> list[tuple[str, str]]:
    return [(change.customer, change.offer) for change in changes[:LISTED]] if len(changes) > 1 else []


def _more(changes: Sequence[object]) -> str:
    left = len(changes) - LISTED
    if left <= 0:
        return ""
    return ngettext(
        "And %(n)s more: it is in the portal.", "And %(n)s more: they are in the portal.", left
    ) % {"n": left}


# -- what resellers announce, customers report, and providers register


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


@tells(Action.CONTACT_REPORTED)
def reported(event: AuditEvent) -> Iterator[Telling]:
    """The agents of whoever sold it."""
    report = _report(event)
    if report is None:
        return

    def write(reader: Reader) -> Letter:
        names = {"customer": _customer_of(report), "partner": named(report.partner.name)}
        return Letter(
            _("“%(customer)s” says that the contact “%(partner)s” is wrong") % names,
            [_("Correct it, choose another support contact, or answer the customer.")],
            _("Answer the report"),
            f"{CONTACTS}reports/{report.pk}/",
            facts=[(_("What is wrong"), str(report.get_reason_display()))],
            quoted=report.detail,
        )

    kind = MailKind.REPORT
    yield Telling(kind, people(report.provider_id, *AGENTS, kind=kind, but=event.actor_id), write)


@tells(Action.CONTACT_REPORT_ANSWERED)
def report_answered(event: AuditEvent) -> Iterator[Telling]:
    """Whoever reported it, with the answer: it was written for them."""
    report = _report(event)
    if report is None:
        return

    def write(reader: Reader) -> Letter:
        names = {"provider": named(report.provider.name), "partner": named(report.partner.name)}
        return Letter(
            _("“%(provider)s” answered what you reported about “%(partner)s”") % names,
            [_("This is the answer:")],
            _("Whom to call"),
            WHOM_TO_CALL,
            quoted=report.answer,
        )

    kind = MailKind.REPORT
    yield Telling(
        kind, member(report.customer_id, report.reported_by_id, kind=kind, but=event.actor_id), write
    )


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
    yield from _by_organisation(_left([change]), AGENTS, _to_old_partner)


def _report(event: AuditEvent) -> ContactReport | None:
    rows = ContactReport.objects.select_related("provider__organisation", "partner__organisation")
    return rows.filter(pk=event.after.get("report")).first()


def _customer_of(report: ContactReport) -> str:
    views = CustomerRelationship.objects.filter(partner_id=report.provider_id, customer_id=report.customer_id)
    view = views.order_by(F("established_at").desc(nulls_last=True)).first()
    return named((view and view.company_name) or report.customer_id)
