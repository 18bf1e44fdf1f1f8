"""What people are told of customer relationships and delegated admin: asked, reminded, answered, ended."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.mail import telling
from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, member, once, people
from portal.mail.resellers import ADMINS, ATTENTION
from portal.mail.telling import is_first, note_of, side, tells
from portal.models import Action, AuditEvent, MailKind, State
from portal.permissions import Role
from portal.templatetags.ui import plain_date

ANSWERS, CUSTOMERS, DUTIES = "/partner-relationships/", "/customers/", "/duties/"


@tells(Action.CUSTOMER_RELATIONSHIP_REQUESTED, Action.DELEGATED_ADMIN_REQUESTED)
def requested(event: AuditEvent) -> Iterator[Telling]:
    row = _relationship(str(event.after["relationship"]))
    if row is not None:
        yield from _request(row, _grant(event), but=event.actor_id)


def remind(relationship_id: str, asker_id: str = "") -> None:
    """Tell again of this organisation's request that still waits; of whosever waits where none is named.

    A person is reminded of it once a day, however often that organisation asks. Several providers may wait for the
    same reseller at the same customer: a reminder is of one's own request, and takes nobody else's place.
    """
    row = _relationship(relationship_id)
    if row is None:
        return
    now = timezone.now()
    grants = row.delegated_admins.select_related("requested_for__organisation")
    waiting = [grant for grant in grants if grant.state(now) == State.REQUESTED]
    if asker_id:
        waiting = [grant for grant in waiting if str(grant.requested_for_id or row.partner_id) == asker_id]
        if not waiting and str(row.requested_for_id or row.partner_id) != asker_id:
            return
    grant = max(waiting, key=lambda grant: grant.pk, default=None)
    telling.deliver(_request(row, grant, again=True), key=f"{(grant or row).pk}:{now:%Y-%m-%d}")


def _request(
    row: CustomerRelationship,
    grant: DelegatedAdmin | None,
    *,
    again: bool = False,
    but: uuid.UUID | None = None,
) -> Iterator[Telling]:
    """The customer's global admins, as long as there is something to answer."""
    now = timezone.now()
    asked = grant if grant is not None else row
    if asked.state(now) != State.REQUESTED:
        return
    asker = asked.requested_for if asked.requested_for_id not in (None, row.partner_id) else None

    def write(reader: Reader) -> Letter:
        names = {
            "partner": named(row.partner.name),
            "customer": named(row.customer.organisation.name),
            "asker": named(asker.name) if asker else "",
        }
        if grant is None:
            subject = _("“%(partner)s” asks “%(customer)s” for a relationship") % names
            effects = [_("If you accept, “%(partner)s” may sell to “%(customer)s” and support it.") % names]
        else:
            subject = _("“%(partner)s” asks for admin rights at “%(customer)s”") % names
            text = ngettext(
                "If you accept, “%(partner)s” may act as admin in “%(customer)s” for %(days)s day.",
                "If you accept, “%(partner)s” may act as admin in “%(customer)s” for %(days)s days.",
                grant.days or 0,
            )
            effects = [text % (names | {"days": grant.days})]
        if asker is not None:
            effects.append(
                _("“%(asker)s” asked for this, and may then name it as your support contact.") % names
            )
        if again:
            subject = _("Still to answer: %(subject)s") % {"subject": subject}
        return Letter(
            subject,
            [*effects, _("You can end this in the portal at any time.")],
            _("Answer the request"),
            ANSWERS,
            facts=[
                (_("Requested on"), plain_date(asked.requested_at)),
                (_("Lapses on"), plain_date(asked.lapses_at)),
            ],
            quoted=asked.message,
        )

    kind = MailKind.REQUEST
    yield Telling(kind, people(row.customer_id, Role.GLOBAL_ADMIN, kind=kind, but=but), write)


@tells(
    Action.CUSTOMER_RELATIONSHIP_ESTABLISHED,
    Action.CUSTOMER_RELATIONSHIP_DECLINED,
    Action.DELEGATED_ADMIN_ESTABLISHED,
    Action.DELEGATED_ADMIN_DECLINED,
)
def answered(event: AuditEvent) -> Iterator[Telling]:
    """Whoever asked, with their admin agents; of a yes also the partner it was for, of a no only those who asked."""
    row, grant = _relationship(str(event.after["relationship"])), _grant(event)
    partner, customer = side(event, "partner"), side(event, "customer")
    accepted = event.action in (
        Action.CUSTOMER_RELATIONSHIP_ESTABLISHED,
        Action.DELEGATED_ADMIN_ESTABLISHED,
    )
    about_grant = "delegated_admin" in event.after
    until = event.after.get("ends_at")
    ends_at = datetime.fromisoformat(until) if until else None
    asker_id, kind, but = event.organisation_id, MailKind.ANSWER, event.actor_id
    asked = grant or row

    def write(reader: Reader) -> Letter:
        names = {"partner": partner.name, "customer": customer.name}
        is_own = reader.organisation.pk == partner.id
        if accepted and about_grant:
            names["date"] = plain_date(ends_at)
            subject = (
                _("“%(customer)s” accepted: you have admin rights there")
                if is_own
                else _("“%(customer)s” accepted: “%(partner)s” has admin rights there")
            )
            lines = [_("“%(partner)s” may act as admin in “%(customer)s” until %(date)s.") % names]
        elif accepted:
            subject = _("“%(customer)s” accepted the relationship with “%(partner)s”")
            lines = [_("The relationship is established.")]
        elif about_grant:
            subject = _("“%(customer)s” declined admin rights for “%(partner)s”")
            lines = [_("Nothing has changed. You may ask again.")]
        else:
            subject = _("“%(customer)s” declined the relationship with “%(partner)s”")
            lines = [_("Nothing has changed. You may ask again.")]
        return Letter(
            subject % names,
            lines,
            *_customer_page(reader, customer.id),
            quoted="" if accepted else note_of(event),
        )

    asked_by = member(asker_id, asked.requested_by_id if asked else None, kind=kind, but=but)
    agents = once(asked_by, people(asker_id, Role.ADMIN_AGENT, kind=kind, but=but))
    readers = agents or people(asker_id, Role.GLOBAL_ADMIN, kind=kind, but=but)
    if accepted and partner.id != asker_id:
        readers = once(readers, people(partner.id, *ADMINS, kind=kind, but=but))
    yield Telling(kind, readers, write)


@tells(Action.DELEGATED_ADMIN_ENDED)
def grant_ended(event: AuditEvent) -> Iterator[Telling]:
    """Whoever asked for it, and the partner that held it; several grants taken back at once are told once."""
    if not is_first(event, relationship=event.after.get("relationship")):
        return
    partner, customer = side(event, "partner"), side(event, "customer")
    kind, but = MailKind.ENDED, event.actor_id

    def write(reader: Reader) -> Letter:
        names = {"partner": partner.name, "customer": customer.name}
        if reader.organisation.pk == partner.id:
            return Letter(
                _("“%(customer)s” ended your admin rights") % names,
                [
                    _("The relationship stays. Without admin rights you cannot be its support contact.")
                    % names,
                ],
                *_customer_page(reader, customer.id),
            )
        return Letter(
            _("“%(customer)s” ended the admin rights of “%(partner)s”") % names,
            [
                _("Where “%(partner)s” was its support contact, “%(customer)s” sees you instead.") % names,
                _("Ask for admin rights again, or choose another support contact."),
            ],
            _("See what needs attention"),
            ATTENTION,
        )

    for organisation_id in dict.fromkeys((event.organisation_id, partner.id)):
        yield Telling(kind, people(organisation_id, *ADMINS, kind=kind, but=but), write)


@tells(Action.CUSTOMER_RELATIONSHIP_ENDED)
def relationship_ended(event: AuditEvent) -> Iterator[Telling]:
    """The other side; and providers that had asked for admin rights which ended with it."""
    partner, customer = side(event, "partner"), side(event, "customer")
    kind, but = MailKind.ENDED, event.actor_id

    def write_to_partner(reader: Reader) -> Letter:
        names = {"customer": customer.name}
        return Letter(
            _("“%(customer)s” ended its relationship with you") % names,
            [_("Your admin rights at “%(customer)s” ended with it.") % names],
            *_customer_page(reader, customer.id),
        )

    def write_to_asker(reader: Reader) -> Letter:
        names = {"partner": partner.name, "customer": customer.name}
        return Letter(
            _("The relationship of “%(partner)s” with “%(customer)s” ended") % names,
            [_("Where “%(partner)s” was its support contact, “%(customer)s” sees you instead.") % names],
            _("See what needs attention"),
            ATTENTION,
        )

    def write_to_customer(reader: Reader) -> Letter:
        names = {"partner": partner.name}
        return Letter(
            _("“%(partner)s” ended its relationship with you") % names,
            [_("Its admin rights ended with it. Whom to call is up to date in the portal.")],
            _("Open your partner relationships"),
            ANSWERS,
        )

    ended_with_it = DelegatedAdmin.objects.filter(
        relationship_id=event.after.get("relationship"), ended_at=event.at, requested_for__isnull=False
    )
    askers = [*ended_with_it.values_list("requested_for_id", flat=True), event.organisation_id]
    for organisation_id in dict.fromkeys(askers):
        if organisation_id not in (partner.id, event.actor_organisation_id):
            yield Telling(kind, people(organisation_id, *ADMINS, kind=kind, but=but), write_to_asker)
    if event.actor_organisation_id != partner.id:
        yield Telling(kind, people(partner.id, *ADMINS, kind=kind, but=but), write_to_partner)
    if event.actor_organisation_id != customer.id:
        yield Telling(kind, people(customer.id, Role.GLOBAL_ADMIN, kind=kind, but=but), write_to_customer)


def _customer_page(reader: Reader, customer_id: uuid.UUID) -> tuple[str, str]:
    """Where this reader sees that customer: a seller its page, a reseller what it supports."""
    if reader.organisation.is_partner and reader.organisation.partner.is_provider:
        return _("Open the customer"), f"{CUSTOMERS}{customer_id}/"
    return _("See what you support"), DUTIES


def _relationship(pk: str) -> CustomerRelationship | None:
    rows = CustomerRelationship.objects.select_related(
        "partner__organisation", "customer__organisation", "requested_for__organisation"
    )
    return rows.filter(pk=pk).first()


def _grant(event: AuditEvent) -> DelegatedAdmin | None:
    pk = event.after.get("delegated_admin")
    rows = DelegatedAdmin.objects.select_related("requested_for__organisation")
    return rows.filter(pk=pk).first() if pk else None
