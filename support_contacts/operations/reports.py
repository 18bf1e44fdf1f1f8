""" "This contact is wrong or does not answer", and what the provider says to it."""

import uuid
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import audit
from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.jobs import defer
from portal.locks import patience
from portal.models import Action, Partner
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import ContactReport
from support_contacts.operations.core import named


@dataclass(frozen=True, slots=True)
class Reported:
    """What was written: one report for each provider whose subscriptions the card names, made or there already."""

    made: list[ContactReport]
    already: list[ContactReport]


@patience()
@transaction.atomic(durable=True)
def report_contact(
    partner: Partner,
    *,
    subscriptions: list[Subscription],
    day: date,
    reason: str,
    detail: str,
    acting: Actor,
) -> Reported:
    """The customer says that the partner on one of its cards is wrong or does not answer: once a card and day.

    `subscriptions` are those the card named: each of their providers is told. A second report of the same day says
    so and writes nothing.
    """
    require(acting, Permission.SUPPORT_VIEW)
    acting = still(acting, Permission.SUPPORT_VIEW)
    me = acting.organisation.pk
    own = [row for row in subscriptions if row.customer_id == me]
    if not own or len(own) != len(subscriptions):
        raise NotVisible
    now = timezone.now()
    made: list[ContactReport] = []
    already: list[ContactReport] = []
    # In one order: of two colleagues who report at once, one waits for the other, never both.
    for _pk, provider in sorted({row.provider_id: row.provider for row in own}.items()):
        report, is_new = ContactReport.objects.get_or_create(
            provider=provider,
            customer_id=me,
            partner=partner,
            day=day,
            defaults={"reason": reason, "detail": detail, "reported_by": acting.user, "reported_at": now},
        )
        (made if is_new else already).append(report)
        if is_new:
            event = audit.record(
                Action.CONTACT_REPORTED,
                acting=acting,
                organisation=provider.organisation,
                at=now,
                permission=Permission.SUPPORT_VIEW,
                after={"report": str(report.pk), "reason": reason, "contact": named(partner)},
                note=detail,
                customer_id=me,
                partner_ids=[partner.pk],
            )
            defer("portal.tell", event_id=event.pk)
    return Reported(made, already)


@patience()
@transaction.atomic(durable=True)
def answer_report(report: ContactReport, *, answer: str, acting: Actor) -> ContactReport:
    """A note for the customer, on its card for seven days. What is answered already stays as it was answered."""
    require(acting, Permission.CONTACT_ASSIGN)
    acting = still(acting, Permission.CONTACT_ASSIGN)
    row = _lock(report.pk, acting)
    if row.answered_at is not None:
        raise OperationError(_("This report was answered already."), code="report_answered")
    now = max(timezone.now(), row.reported_at)
    row.answered_at, row.answer = now, answer
    row.save(update_fields=["answered_at", "answer"])
    event = audit.record(
        Action.CONTACT_REPORT_ANSWERED,
        acting=acting,
        organisation=row.provider.organisation,
        at=now,
        permission=Permission.CONTACT_ASSIGN,
        after={"report": str(row.pk), "reason": row.reason, "contact": named(row.partner)},
        note=answer,
        customer_id=row.customer_id,
        partner_ids=[row.partner_id],
    )
    defer("portal.tell", event_id=event.pk)
    return row


def _lock(pk: uuid.UUID, acting: Actor) -> ContactReport:
    row = (
        ContactReport.objects.filter(pk=pk, provider_id=acting.organisation.pk)
        .select_related("provider__organisation", "partner__organisation")
        .select_for_update(of=("self",))
        .first()
    )
    if row is None:
        raise NotVisible
    return row
