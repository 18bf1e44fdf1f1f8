"""Who may be a support contact, and why not (R3, R4): one rule, for rows in memory."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from customers.models import DelegatedAdmin
from portal.gathered import Gathered
from portal.models import Partner, PartnerSuspension, ResellerRelationship, State
from portal.prepared import Prepared


class Reason(TextChoices):
    """Why a reseller is not eligible, in order of precedence (R4). The same codes stand in the API."""

    RESELLER_SUSPENDED = "reseller_suspended", _("Reseller suspended")
    RELATIONSHIP_MISSING = "relationship_missing", _("No relationship")
    RELATIONSHIP_REQUESTED = "relationship_requested", _("Relationship requested")
    RELATIONSHIP_DECLINED = "relationship_declined", _("Relationship declined")
    RELATIONSHIP_LAPSED = "relationship_lapsed", _("Relationship request lapsed")
    RELATIONSHIP_ENDED = "relationship_ended", _("Relationship ended")
    DELEGATED_ADMIN_MISSING = "delegated_admin_missing", _("No delegated admin")
    DELEGATED_ADMIN_REQUESTED = "delegated_admin_requested", _("Delegated admin requested")
    DELEGATED_ADMIN_DECLINED = "delegated_admin_declined", _("Delegated admin declined")
    DELEGATED_ADMIN_LAPSED = "delegated_admin_lapsed", _("Delegated admin request lapsed")
    DELEGATED_ADMIN_EXPIRED = "delegated_admin_expired", _("Delegated admin expired")
    DELEGATED_ADMIN_ENDED = "delegated_admin_ended", _("Delegated admin ended")
    # Only of a designation that stands: its reseller gave it back. Never of a candidate.
    HANDED_BACK = "handed_back", _("Handed back")


RELATIONSHIP_REASONS = {
    State.REQUESTED: Reason.RELATIONSHIP_REQUESTED,
    State.DECLINED: Reason.RELATIONSHIP_DECLINED,
    State.WITHDRAWN: Reason.RELATIONSHIP_MISSING,
    State.LAPSED: Reason.RELATIONSHIP_LAPSED,
    State.EXPIRED: Reason.RELATIONSHIP_ENDED,
    State.ENDED: Reason.RELATIONSHIP_ENDED,
}
GRANT_REASONS = {
    State.REQUESTED: Reason.DELEGATED_ADMIN_REQUESTED,
    State.DECLINED: Reason.DELEGATED_ADMIN_DECLINED,
    State.WITHDRAWN: Reason.DELEGATED_ADMIN_MISSING,
    State.LAPSED: Reason.DELEGATED_ADMIN_LAPSED,
    State.EXPIRED: Reason.DELEGATED_ADMIN_EXPIRED,
    State.ENDED: Reason.DELEGATED_ADMIN_ENDED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Eligible, or not, with one reason, since when, and until when it can still be answered.

    `grant_ends_at` is when eligibility stops by the clock; None for never.
    """

    reason: Reason | None = None
    since: datetime | None = None
    lapses_at: datetime | None = None
    grant_ends_at: datetime | None = None

    def __bool__(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Standing:
    """Every record that bears on one reseller, towards one provider, at one customer."""

    reseller: Partner
    relationships: Sequence[ResellerRelationship] = ()
    grants: Sequence[DelegatedAdmin] = ()
    suspensions: Sequence[PartnerSuspension] = ()

    def boundaries(self) -> Iterable[datetime]:
        """Every instant at which the verdict can change."""
        for relationship in self.relationships:
            yield from filter(
                None, (relationship.established_at, relationship.ended_at, relationship.lapses_at)
            )
        for grant in self.grants:
            yield from filter(None, (grant.established_at, grant.ended_at, grant.ends_at, grant.lapses_at))
        for suspension in self.suspensions:
            yield from filter(None, (suspension.started_at, suspension.ended_at))


def verdict(standing: Standing, *, at: datetime, told_to: uuid.UUID | None) -> Verdict:
    """Is this reseller eligible at `at`, and if not, the one reason that comes first (R4).

    `told_to` is the provider who asks: of delegated admin, a negative history is told only for requests made by that
    provider, or by the reseller for it. None tells everything, as for the cause of a designation of one's own.
    """
    relationships = [row for row in standing.relationships if row.has_begun(at)]
    if not standing.reseller.is_indirect_reseller or not relationships:
        return Verdict(Reason.RELATIONSHIP_MISSING)
    for suspension in standing.suspensions:
        if suspension.started_at <= at and (suspension.ended_at is None or at < suspension.ended_at):
            return Verdict(Reason.RESELLER_SUSPENDED, since=suspension.started_at)
    if not any(row.state(at) == State.ESTABLISHED for row in relationships):
        latest = max(relationships, key=lambda row: (row.changed_at(at), str(row.pk)))
        return _refusal(RELATIONSHIP_REASONS[latest.state(at)], latest, at)
    active = [grant for grant in standing.grants if grant.is_active(at)]
    if active:
        return Verdict(grant_ends_at=_last_end(active))
    told = [g for g in standing.grants if g.has_begun(at) and told_to in (None, g.requested_for_id)]
    if not told:
        return Verdict(Reason.DELEGATED_ADMIN_MISSING)
    newest = max(told, key=lambda row: (row.changed_at(at), str(row.pk)))
    return _refusal(GRANT_REASONS[newest.state(at)], newest, at)


def _refusal(reason: Reason, row: ResellerRelationship | DelegatedAdmin, at: datetime) -> Verdict:
    if reason in (Reason.RELATIONSHIP_MISSING, Reason.DELEGATED_ADMIN_MISSING):
        return Verdict(reason)
    waiting = row.lapses_at if row.state(at) == State.REQUESTED else None
    return Verdict(reason, since=row.changed_at(at), lapses_at=waiting)


def _last_end(grants: Sequence[DelegatedAdmin]) -> datetime | None:
    ends = [grant.ends() for grant in grants]
    return None if None in ends else max(end for end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reseller as the picker shows it: eligible, or under *Not available* with its reason."""

    partner: Partner
    verdict: Verdict
    relationship: ResellerRelationship | None = None
    is_reseller_of_record: bool = False


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everybody the picker of one customer's subscriptions shows, at one instant."""

    eligible: list[Candidate] = field(default_factory=list)
    unavailable: list[Candidate] = field(default_factory=list)


def standings(
    provider: Partner, customer_id: uuid.UUID, *, resellers: Iterable[uuid.UUID] | None = None
) -> dict[uuid.UUID, Standing]:
    """The records of this provider's resellers at this customer, by reseller. One query, whatever their number."""
    if resellers is None:
        rows = _RECORDS(provider=provider.pk, customer=customer_id)
    else:
        rows = list(records(provider.pk, customer_id).filter(reseller_id__in=list(resellers)))
    return standings_from(rows)


def records(provider: uuid.UUID, customer: uuid.UUID) -> QuerySet[ResellerRelationship]:
    """Relationships with a provider's resellers, each with what else bears on its reseller at this customer: the
    `grants`, and the `suspensions`."""
    return (
        ResellerRelationship.objects.filter(provider_id=provider)
        .select_related("reseller__organisation", "reseller__support_profile")
        .annotate(
            grants=Gathered(DelegatedAdmin.objects.of(OuterRef("reseller"), customer)),
            suspensions=Gathered(PartnerSuspension.objects.filter(partner=OuterRef("reseller"))),
        )
    )


def standings_from(rows: Iterable[Any]) -> dict[uuid.UUID, Standing]:
    """By reseller, what was read of `records`."""
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.reseller_id].append(row)
    return {
        pk: Standing(rows[0].reseller, rows, rows[0].grants, rows[0].suspensions)
        for pk, rows in found.items()
    }


# All of a provider's.
_RECORDS = Prepared(records, provider=uuid.UUID, customer=uuid.UUID)


def candidates(
    provider: Partner,
    customer_id: uuid.UUID,
    *,
    at: datetime,
    of_record: str = "",
    found: Mapping[uuid.UUID, Standing] | None = None,
) -> Candidates:
    """Eligible resellers, reseller of record first and then by name; and the others, each with its reason.

    `of_record` is the PartnerID of the subscription's reseller of record; `found` what `standings` answered already.
    A related partner that does not act as reseller is not listed at all.
    """
    result = Candidates()
    for standing in (standings(provider, customer_id) if found is None else found).values():
        if not standing.reseller.is_indirect_reseller:
            continue
        judged = verdict(standing, at=at, told_to=provider.pk)
        current = next((row for row in standing.relationships if row.state(at) == State.ESTABLISHED), None)
        recorded = bool(of_record) and standing.reseller.partner_id == of_record
        candidate = Candidate(standing.reseller, judged, current, recorded)
        (result.eligible if judged else result.unavailable).append(candidate)
    for listed in (result.eligible, result.unavailable):
        listed.sort(
            key=lambda c: (not c.is_reseller_of_record, c.partner.organisation.sort_name, str(c.partner.pk))
        )
    return result
