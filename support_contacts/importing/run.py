"""One import while it runs: for whom, since when, and what became of each item."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import DataError, IntegrityError, models, transaction
from django.utils import timezone

from portal import audit
from portal.actor import Actor
from portal.models import Action, AuditEvent, Channel, Lifecycle, Partner
from support_contacts.importing.report import Kind, Outcome, Refused, Report, Where, shown

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=models.Model)

#: Ids in one question; PostgreSQL takes 65 535 parameters.
CHUNK = 5_000


@dataclass(slots=True)
class Run:
    """What every part of an import is given.

    `now` is this machine's clock; whatever is held may have changed until then, so holding rows brings it up to date.
    """

    partner: Partner
    customer: UUID | None
    overwrite: bool
    acting: Actor
    report: Report
    now: datetime

    def hold(self, model: type[Row], rows: Iterable[Row]) -> dict[object, Row]:
        """These rows as they are now, held until the transaction ends; no change of theirs is dated before that."""
        found = locked(model, rows)
        self.now = max(self.now, timezone.now())
        return found

    def after(self, row: Lifecycle | None) -> datetime:
        """The instant of a change, never before what happened to its row last: hosts' clocks differ."""
        known = (row.requested_at, row.established_at, row.ended_at) if row is not None else ()
        return max([self.now, *filter(None, known)])

    @contextmanager
    def item(self, kind: Kind, where: Where, outcome: Outcome) -> Iterator[None]:
        """A savepoint for one item: it is stored whole and counted, or refused with its reason and the rest goes on."""
        events = self.report.events
        try:
            with transaction.atomic():
                yield
        except Refused as refusal:
            self.report.events = events
            self.refuse(kind, refusal.where or where, refusal.reason, refusal.code)
        except (DataError, IntegrityError) as error:
            self.report.events = events
            logger.warning("import_item_refused", exc_info=True)
            self.refuse(
                kind, where, f"the database refuses it: {shown(str(error).partition(chr(10))[0], 200)}"
            )
        else:
            self.report.count(kind, outcome)

    def refuse(self, kind: Kind, where: Where, reason: str, code: str = "") -> None:
        self.report.refuse(where, reason, code)
        self.report.count(kind, Outcome.REPORTED)

    def unchanged(self, kind: Kind) -> None:
        self.report.count(kind, Outcome.UNCHANGED)

    def record(
        self,
        action: Action,
        *,
        before: Mapping[str, object],
        after: Mapping[str, object],
        customer_id: UUID | None = None,
        subscription_id: UUID | None = None,
        partner_ids: Iterable[UUID] = (),
        at: datetime | None = None,
    ) -> AuditEvent:
        """One event, in the record of the partner whose data is imported."""
        self.report.events += 1
        return audit.record(
            action,
            acting=self.acting,
            organisation=self.partner.organisation,
            at=at or self.now,
            before=before,
            after=after,
            customer_id=customer_id,
            subscription_id=subscription_id,
            partner_ids=partner_ids,
        )

    def ended_by_import(self, row: Lifecycle, action: Action) -> bool:
        """Did an import of this partner end this row? What anybody else ended is never revived."""
        return (
            row.ended_at is not None
            and AuditEvent.objects.filter(
                organisation=self.partner.organisation,
                at=row.ended_at,
                action=action,
                channel=Channel.IMPORT,
                before__id=str(row.pk),
            ).exists()
        )


def chunks(ids: Iterable[Any]) -> Iterator[list[Any]]:
    """Ids in portions that one question may carry."""
    yield from portions(list(dict.fromkeys(ids)), CHUNK)


def portions(everything: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def locked(model: type[Row], rows: Iterable[Row]) -> dict[object, Row]:
    """These rows as they are now, held until the transaction ends, taken in the order of their ids."""
    found: dict[object, Row] = {}
    keys = sorted(row.pk for row in rows)
    for start in range(0, len(keys), CHUNK):
        held = model._default_manager.select_for_update(no_key=True, of=("self",)).order_by("pk")
        found |= {row.pk: row for row in held.filter(pk__in=keys[start : start + CHUNK])}
    return found
