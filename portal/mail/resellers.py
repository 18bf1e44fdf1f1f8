"""What people are told of reseller relationships: asked, reminded, answered, ended."""

import uuid
from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.mail import telling
from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, member, once, people
from portal.mail.telling import note_of, side, tells
from portal.models import (
    Action,
    AuditEvent,
    MailKind,
    OrganisationInvitation,
    ResellerRelationship,
    State,
)
from portal.permissions import Role
from portal.templatetags.ui import plain_date

#: Who answers for a partner, and who runs its relationships day by day.
ADMINS = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
#: Where to answer, and where to see one's own side: pages, never links with a token in them.
PROVIDERS, RESELLERS, ATTENTION = "/providers/", "/resellers/", "/support-contacts/?attention=1"


@tells(Action.RESELLER_RELATIONSHIP_REQUESTED)
def requested(event: AuditEvent) -> Iterator[Telling]:
    row = _relationship(str(event.after["relationship"]))
    if row is not None:
        yield from _request(row, but=event.actor_id)


def remind(relationship_id: str) -> None:
    """Tell again of a request that still waits. A person is reminded of it once a day, however often somebody asks."""
    row = _relationship(relationship_id)
    if row is not None:
        telling.deliver(_request(row, again=True), key=f"{row.pk}:{timezone.now():%Y-%m-%d}")


@tells(Action.RESELLER_RELATIONSHIP_ESTABLISHED, Action.RESELLER_RELATIONSHIP_DECLINED)
def answered(event: AuditEvent) -> Iterator[Telling]:
    """Whoever asked, and the provider's admin agents; its global admins where there is nobody else."""
    row = _relationship(str(event.after["relationship"]))
    provider, reseller = side(event, "provider"), side(event, "reseller")
    accepted = event.action == Action.RESELLER_RELATIONSHIP_ESTABLISHED
    kind, but = MailKind.ANSWER, event.actor_id
    asked_by = member(provider.id, row.requested_by_id if row else None, kind=kind, but=but)
    readers = once(asked_by, people(provider.id, Role.ADMIN_AGENT, kind=kind, but=but))

    def write(reader: Reader) -> Letter:
        names = {"reseller": reseller.name}
        if accepted:
            return Letter(
                _("“%(reseller)s” accepted your relationship") % names,
                [
                    _("“%(reseller)s” is your reseller from now on.") % names,
                    _("With delegated admin at a customer it can be that customer’s support contact."),
                ],
                _("Open the relationship"),
                f"{RESELLERS}{reseller.id}/",
            )
        return Letter(
            _("“%(reseller)s” declined your relationship") % names,
            [_("Nothing has changed: “%(reseller)s” is not your reseller. You may ask again.") % names],
            _("Open your resellers"),
            RESELLERS,
            quoted=note_of(event),
        )

    yield Telling(kind, readers or people(provider.id, Role.GLOBAL_ADMIN, kind=kind, but=but), write)


@tells(Action.RESELLER_RELATIONSHIP_ENDED)
def ended(event: AuditEvent) -> Iterator[Telling]:
    """The other side; both where neither of them did it."""
    provider, reseller = side(event, "provider"), side(event, "reseller")
    kind, but = MailKind.ENDED, event.actor_id

    def write_to_provider(reader: Reader) -> Letter:
        names = {"reseller": reseller.name}
        return Letter(
            _("“%(reseller)s” is no longer your reseller") % names,
            [
                _("The relationship ended on %(date)s.") % {"date": plain_date(event.at)},
                _("Wherever “%(reseller)s” was the support contact, the customer sees you instead.") % names,
            ],
            _("See what needs attention"),
            ATTENTION,
        )

    def write_to_reseller(reader: Reader) -> Letter:
        names = {"provider": provider.name}
        return Letter(
            _("“%(provider)s” is no longer your provider") % names,
            [
                _("The relationship ended on %(date)s.") % {"date": plain_date(event.at)},
                _("You are no longer the support contact of customers of “%(provider)s”.") % names,
            ],
            _("Open your providers"),
            PROVIDERS,
        )

    if event.actor_organisation_id != provider.id:
        yield Telling(kind, people(provider.id, *ADMINS, kind=kind, but=but), write_to_provider)
    if event.actor_organisation_id != reseller.id:
        yield Telling(kind, people(reseller.id, *ADMINS, kind=kind, but=but), write_to_reseller)


def _request(
    row: ResellerRelationship, *, again: bool = False, but: uuid.UUID | None = None
) -> Iterator[Telling]:
    """Those who may answer, as long as there is something to answer."""
    if row.state(timezone.now()) != State.REQUESTED:
        return

    def write(reader: Reader) -> Letter:
        names = {"provider": named(row.provider.name), "reseller": named(row.reseller.name)}
        subject = (
            _("Still to answer: “%(provider)s” asks you for a reseller relationship")
            if again
            else _("“%(provider)s” asks you for a reseller relationship")
        )
        return Letter(
            subject % names,
            [
                _(
                    "If you accept, “%(provider)s” may name “%(reseller)s” as support contact of its customers."
                )
                % names,
                _("Each customer still decides itself whether you get delegated admin there."),
                _("Either of you can end the relationship at any time."),
            ],
            _("Answer the request"),
            PROVIDERS,
            facts=[
                (_("Requested on"), plain_date(row.requested_at)),
                (_("Lapses on"), plain_date(row.lapses_at)),
                *agreement_of(row),
            ],
            quoted=row.message,
        )

    kind = MailKind.REQUEST
    yield Telling(kind, people(row.reseller_id, *ADMINS, kind=kind, but=but), write)


def agreement_of(row: ResellerRelationship | OrganisationInvitation) -> list[tuple[str, str]]:
    """The support agreement that is proposed, as far as something was written."""
    proposed = [
        (_("Agreement reference"), named(row.agreement_reference)),
        (_("Scope"), named(row.agreement_scope)),
        (_("Agreement valid until"), plain_date(row.agreement_valid_until)),
        (_("Escalation contact"), named(row.escalation_contact)),
    ]
    return [(label, value) for label, value in proposed if value]


def _relationship(pk: str) -> ResellerRelationship | None:
    rows = ResellerRelationship.objects.select_related("provider__organisation", "reseller__organisation")
    return rows.filter(pk=pk).first()
