"""The life of what one organisation asks of another: a closed interval, never an overwritten status (R9, R10)."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

#: A request nobody answers lapses after this many days (R10; Microsoft's own GDAP requests lapse after 90 days).
LAPSES_AFTER = timedelta(days=90)


class State(models.TextChoices):
    """What a record is at an instant. Derived from its instants, never stored."""

    REQUESTED = "requested", _("Requested")
    ESTABLISHED = "established", _("Established")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")
    EXPIRED = "expired", _("Expired")
    ENDED = "ended", _("Ended")


class EndedAs(models.TextChoices):
    """How a record closed."""

    DECLINED = State.DECLINED.value, _("Declined")
    WITHDRAWN = State.WITHDRAWN.value, _("Withdrawn")
    LAPSED = State.LAPSED.value, _("Lapsed")
    EXPIRED = State.EXPIRED.value, _("Expired")
    ENDED = State.ENDED.value, _("Ended")


def established(at: datetime, prefix: str = "") -> Q:
    """Rows in force at `at`: begun, and not ended. The interval is closed at its start and open at its end."""
    return Q(**{f"{prefix}established_at__lte": at}) & (
        Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": at})
    )


class Lifecycle(models.Model):
    """`requested → established | declined | withdrawn | lapsed`, `established → ended`.

    A request lapses by the clock: no job has to run for it. Overlap of closed rows cannot be said as a constraint
    without btree_gist, which the embedded PostgreSQL does not carry; operations guard it and tests prove it.
    """

    requested_at = models.DateTimeField(_("requested"), null=True, blank=True)
    lapses_at = models.DateTimeField(_("lapses"), null=True, blank=True)
    established_at = models.DateTimeField(_("established"), null=True, blank=True)
    requested_by = models.ForeignKey(
        "portal.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    message = models.CharField(_("message"), max_length=500, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_as = models.CharField(_("ended as"), max_length=10, choices=EndedAs.choices, blank=True)

    class Meta:
        abstract = True

    @staticmethod
    def constraints(name: str) -> list[models.CheckConstraint]:
        """The checks every life shares, named after the table they stand in."""
        return [
            models.CheckConstraint(
                condition=Q(requested_at__isnull=False) | Q(established_at__isnull=False),
                name=f"{name}_has_begun",
                violation_error_message=_("It is either requested or established."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None)
                | Q(established_at=None)
                | Q(ended_at__gte=models.F("established_at")),
                name=f"{name}_ends_after_start",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_as="") | (Q(ended_at__isnull=False) & ~Q(ended_as="")),
                name=f"{name}_end_has_reason",
                violation_error_message=_("An end says how it ended."),
            ),
            models.CheckConstraint(
                condition=~Q(ended_as__in=[EndedAs.ENDED, EndedAs.EXPIRED]) | Q(established_at__isnull=False),
                name=f"{name}_end_needs_start",
                violation_error_message=_("Only what was established can end."),
            ),
            models.CheckConstraint(
                condition=~Q(ended_as__in=[EndedAs.DECLINED, EndedAs.WITHDRAWN, EndedAs.LAPSED])
                | Q(established_at=None),
                name=f"{name}_answered_once",
                violation_error_message=_("What was established can only end."),
            ),
        ]

    def has_begun(self, at: datetime) -> bool:
        """Was this record there at `at`, as a request or as established?"""
        return any(
            instant is not None and instant <= at for instant in (self.requested_at, self.established_at)
        )

    def state(self, at: datetime) -> State:
        """What this record is at `at`; a record that begins later still reads as requested."""
        if self.ended_at is not None and self.ended_at <= at:
            return State(self.ended_as)
        if self.established_at is not None and self.established_at <= at:
            return State.ESTABLISHED
        if self.lapses_at is not None and self.lapses_at <= at:
            return State.LAPSED
        return State.REQUESTED

    def is_open_request(self, at: datetime) -> bool:
        """Asked and still to be answered."""
        return self.state(at) == State.REQUESTED

    def changed_at(self, at: datetime) -> datetime:
        """When this record last changed its state, as seen at `at`. Decides which of several records speaks (R4)."""
        boundaries = [self.requested_at, self.established_at, self.ended_at]
        if self.established_at is None:
            boundaries.append(self.lapses_at)
        return max((b for b in boundaries if b is not None and b <= at), default=at)
