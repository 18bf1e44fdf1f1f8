"""What the operations on customer relationships share: the rows they hold, how a part closes, what is recorded.

Rows are locked in the order of `portal.locks`: membership, partners (share), then, for update, the relationship and
its grants.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.actor import Actor
from portal.audit import record
from portal.errors import OperationError
from portal.jobs import defer
from portal.models import Action, AnswerLink, EndedAs, Partner, State
from portal.operations import answer_links
from portal.permissions import Permission

LINK = AnswerLink.Kind.CUSTOMER_RELATIONSHIP


@dataclass(frozen=True, slots=True)
class Held:
    """A relationship and its open grants, held for update, and the one `now` of the change."""

    row: CustomerRelationship
    grants: Sequence[DelegatedAdmin]
    now: datetime

    @property
    def state(self) -> State:
        return self.row.state(self.now)

    @property
    def waiting(self) -> list[DelegatedAdmin]:
        return [grant for grant in self.grants if grant.state(self.now) == State.REQUESTED]

    def asked_by(self, organisation_id: uuid.UUID) -> list[DelegatedAdmin]:
        """Grants this partner asked for, which still wait."""
        return [grant for grant in self.waiting if asker_of(grant) == organisation_id]


def asker_of(row: CustomerRelationship | DelegatedAdmin) -> uuid.UUID:
    """Who made the request: the provider that asked for its reseller, or else the partner itself."""
    if row.requested_for_id is not None:
        return row.requested_for_id
    return row.relationship.partner_id if isinstance(row, DelegatedAdmin) else row.partner_id


def hold(relationship: CustomerRelationship) -> Held:
    """This relationship and its open grants. The partner must be held already."""
    row = (
        CustomerRelationship.objects.select_related("partner__organisation", "customer__organisation")
        .select_for_update(of=("self",))
        .get(pk=relationship.pk)
    )
    return held(row)


def held(row: CustomerRelationship, *, before: Sequence[CustomerRelationship] = ()) -> Held:
    """The open grants of a row that is held, and a `now` not before anything it follows (hosts' clocks differ)."""
    grants = list(
        DelegatedAdmin.objects.filter(relationship=row, ended_at=None).order_by("pk").select_for_update()
    )
    for grant in grants:
        grant.relationship = row
    return Held(row, grants, not_before(timezone.now(), [row, *before, *grants]))


def not_before(now: datetime, rows: Sequence[CustomerRelationship | DelegatedAdmin]) -> datetime:
    boundaries = [b for row in rows for b in (row.requested_at, row.established_at, row.ended_at) if b]
    return max([now, *boundaries])


def close_relationship(row: CustomerRelationship, how: EndedAs, at: datetime) -> None:
    row.ended_at, row.ended_as = at, how
    row.save(update_fields=["ended_at", "ended_as"])
    answer_links.end(LINK, row.pk, at=at)


def close_grant(grant: DelegatedAdmin, how: EndedAs, at: datetime) -> None:
    grant.ended_at, grant.ended_as = at, how
    grant.save(update_fields=["ended_at", "ended_as"])
    answer_links.end(LINK, grant.pk, at=at)


def close_by_clock(grant: DelegatedAdmin, now: datetime) -> None:
    """Write down what the clock has done already: a request that lapsed, a grant that expired."""
    lapsed = grant.established_at is None
    how, at = (EndedAs.LAPSED, grant.lapses_at) if lapsed else (EndedAs.EXPIRED, grant.ends_at)
    close_grant(grant, how, at or now)


def renew_link(row: CustomerRelationship, grant: DelegatedAdmin | None, at: datetime) -> str:
    """A new link to what one asker asks for. It ends that asker's link alone: others ask for the same partner too."""
    target = grant.pk if grant is not None else row.pk
    return answer_links.renew(LINK, target, organisation=row.customer.organisation, at=at)


def closed() -> OperationError:
    return OperationError(_("This request does not wait for an answer any more."), code="request_closed")


def note_change(
    action: Action,
    row: CustomerRelationship,
    acting: Actor,
    at: datetime,
    permission: Permission,
    *,
    grant: DelegatedAdmin | None = None,
    note: str = "",
    quiet: bool = False,
) -> None:
    """One event, in the record of the partner it concerns, or of the provider that asked for it; and the mail.

    `quiet`: another event of the same change tells of it.
    """
    after: dict[str, object] = {
        "relationship": str(row.pk),
        "partner": {"id": str(row.partner_id), "name": row.partner.name},
        "customer": {"id": str(row.customer_id), "name": row.company_name},
    }
    if grant is not None:
        after |= {
            "delegated_admin": str(grant.pk),
            "days": grant.days,
            "ends_at": grant.ends_at.isoformat() if grant.ends_at else None,
        }
    asked_by: Partner = (grant and grant.requested_for) or row.requested_for or row.partner
    event = record(
        action,
        acting=acting,
        organisation=asked_by.organisation,
        at=at,
        permission=permission,
        note=note,
        after=after,
        customer_id=row.customer_id,
        partner_ids=[row.partner_id],
    )
    if not quiet:
        defer("portal.tell", event_id=event.pk)
