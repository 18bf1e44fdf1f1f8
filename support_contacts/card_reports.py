"""What a customer said of the contacts on its page, and what it was answered: told on the cards concerned."""

import uuid
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from support_contacts.cards import Answer, Card
from support_contacts.models import ContactReport
from support_contacts.support_page import SupportPage

#: How long an answer stands on the card.
ANSWERED_FOR = timedelta(days=7)


def with_reports(shown: SupportPage, customer_id: uuid.UUID, *, at: datetime) -> SupportPage:
    """The same page whose cards can be reported, and tell what was reported and answered. One query."""
    rows = (
        ContactReport.objects.filter(customer_id=customer_id)
        .filter(
            Q(answered_at=None)
            | Q(answered_at__gt=at - ANSWERED_FOR)
            | Q(day__gte=(at - timedelta(days=1)).date())
        )
        .select_related("provider__organisation")
        .order_by("-reported_at", "pk")
    )
    by_partner: dict[uuid.UUID, list[ContactReport]] = defaultdict(list)
    for row in rows:
        by_partner[row.partner_id].append(row)
    return replace(shown, cards=[_told(card, by_partner[card.partner.pk], at) for card in shown.cards])


def _told(card: Card, reports: list[ContactReport], at: datetime) -> Card:
    open_ones = [row for row in reports if row.answered_at is None]
    answers = [
        Answer(row.provider.name, row.answer, row.answered_at)
        for row in reports
        if row.answer and row.answered_at is not None and at - row.answered_at < ANSWERED_FOR
    ]
    today = any(
        timezone.localtime(row.reported_at).date() == timezone.localtime(at).date() for row in reports
    )
    return replace(
        card,
        report_url="" if today else reverse("support_contacts:report", args=[card.partner.pk]),
        reported_at=open_ones[0].reported_at if open_ones else None,
        told=tuple(dict.fromkeys(row.provider.name for row in open_ones)),
        answers=tuple(answers),
    )
