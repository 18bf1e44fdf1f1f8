"""Designations: the stored choice of a partner for a subscription."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from customers.models import CustomerRelationship
from portal.among import Constant, among, each, there_is
from portal.identifiers import uuid7
from subscriptions.models import LIVE
from support_contacts.models.changing import ChangingChoices, between
from support_contacts.models.holding import Lack, holds, holds_each, may_be_loose, rests_on, unfit_partners


class EndedAs(models.TextChoices):
    """How a designation ended (R2)."""

    REPLACED = "replaced", _("Replaced")
    BACK_TO_PROVIDER = "back_to_provider", _("Back to provider")
    DECLINED = "declined", _("Declined")
    HANDED_BACK = "handed_back", _("Handed back")
    POLICY = "policy", _("Ended by policy")
    NEW_COMMERCE = "new_commerce", _("Moved to new commerce")
    REMOVED = "removed", _("Subscription removed")


#: Ends that its provider did not bring about: they stand under needs attention until an agent has seen them.
ENDED_BY_OTHERS = (EndedAs.DECLINED, EndedAs.HANDED_BACK, EndedAs.NEW_COMMERCE)
UNSEEN = Q(ended_as__in=[Constant(end.value) for end in ENDED_BY_OTHERS], end_seen_at=None)


class DesignationQuerySet(ChangingChoices):
    def visible_to(self, actor):
        """A provider: its own. A reseller: its own intervals. A customer: those of its subscriptions."""
        me = actor.organisation.pk
        return self.filter(Q(provider_id=me) | Q(partner_id=me) | Q(subscription__customer_id=me))

    def at_customers_of(self, provider_id: uuid.UUID, at: datetime):
        """A provider's own, at customers it has at `at`: what it sold to others before is not its to see."""
        ours = CustomerRelationship.objects.established(at).filter(
            partner_id=provider_id, customer_id=OuterRef("subscription__customer_id")
        )
        return self.filter(each(there_is(ours)), provider_id=provider_id)

    def stored(self, at: datetime | None = None):
        """Choices that stand: now, or as they stood at `at`. Standing is not yet being in force."""
        if at is None:
            return self.filter(ended_at=None)
        return self.filter(Q(started_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at)))

    def stood(self):
        """Choices that stood at any instant recorded here; of one subscription no two of them at one instant.

        Each of them begins an interval of its own. What ended the moment it began, or before our first record, or began
        after the move to new commerce, is nobody's contact at any instant.
        """
        recorded, moved = F("subscription__recorded_at"), "subscription__moved_to_new_commerce_at"
        return self.filter(
            Q(ended_at=None) | Q(ended_at__gt=F("started_at")) & Q(ended_at__gt=recorded),
            Q(**{moved: None}) | Q(started_at__lt=F(moved)),
        )

    def newest_each(self):
        """Of each subscription the choice that stands, or else the one that ended last."""
        last = F("ended_at").desc(nulls_first=True)
        return self.order_by("subscription_id", last, "-started_at", "-pk").distinct("subscription_id")

    def with_force(self, at: datetime):
        """Each row with `holds`: would its partner be eligible at `at`? The one rule of R3, as SQL."""
        return self.annotate(holds=ExpressionWrapper(holds(at), output_field=BooleanField()))

    def by_force(self, at: datetime):
        """`holds` as `with_force` has it, to filter by: not asked of each row that is read."""
        return self.alias(holds=ExpressionWrapper(holds(at), output_field=BooleanField()))

    def in_force(self, at: datetime):
        """Choices that customers are shown at `at`: stored, and their partner eligible at that instant (R3, R7)."""
        return self.stored(at).filter(holds(at))

    def needs_attention(self, at: datetime):
        """Choices that stand but do not hold, on live subscriptions (R8)."""
        return self.filter(ended_at=None, subscription__status__in=LIVE).exclude(holds(at))

    def held(self, at: datetime):
        """Choices that stand and hold, on live subscriptions: those that do not need attention."""
        return self.filter(ended_at=None, subscription__status__in=LIVE).filter(holds(at))

    def live(self):
        """On subscriptions that have not ended."""
        return self.filter(subscription__status__in=LIVE)

    def holding(self, at: datetime):
        """Choices that stand and hold, asked of each row for itself in the order of whatever index a page walks: for a
        page out of many, where asking of all at once would read them all."""
        return self.judged(at).filter(ended_at=None, asked=True)

    def loose(self, provider_id: uuid.UUID, at: datetime):
        """Open choices of one provider that may not hold at `at`, which is now or to come: what each rests on alone is
        over, or its partner is suspended, or no reseller of this provider. From indexes, whatever stands beside them.

        A way to few rows, never a rule: `holds` decides.
        """
        return self.filter(may_be_loose(provider_id, at), provider_id=provider_id, ended_at=None)

    def stale_of(self, provider_id: uuid.UUID, at: datetime):
        """`needs_attention` of one provider, at an instant that is now or to come, from `loose`."""
        return self.loose(provider_id, at).live().judged(at).filter(asked=False)

    def judged(self, at: datetime):
        """Each row with `asked`: does it hold? For itself, in the order of whatever index is walked."""
        return self.alias(asked=holds_each(at))

    def stale(self, provider_id: uuid.UUID, at: datetime):
        """The same as `stale_of`: first those that lost what they alone rest on, in the order of their index, which no
        plan can then pass by; then those of partners. To be counted or cut short, and nothing else."""
        mine = self.filter(provider_id=provider_id, ended_at=None).live().judged(at).filter(asked=False)
        still = Q(holds_until=None) | Q(holds_until__gt=at)
        unfit = mine.filter(among("partner", unfit_partners(provider_id, at)), still)
        return mine.filter(holds_until__lte=at).order_by("holds_until").union(unfit, all=True)

    def waiting_counted(self, provider_id: uuid.UUID, at: datetime):
        """The same as `waiting`, likewise to be counted."""
        return self.stale(provider_id, at).union(self.filter(provider_id=provider_id).unseen(), all=True)

    def lapsing(self, provider_id: uuid.UUID, after: datetime, until: datetime):
        """Open choices of one provider whose hold is over in this time to come, if nothing else happens. As `loose` a
        way to few rows."""
        return self.filter(between("holds_until", after, until), provider_id=provider_id, ended_at=None)

    def waiting(self, provider_id: uuid.UUID, at: datetime):
        """What an agent of a provider has to see to, asked of each row for itself: choices that do not hold, and ends
        nobody has seen."""
        asked = self.filter(provider_id=provider_id).live().judged(at)
        return asked.filter(Q(ended_at=None) & may_be_loose(provider_id, at) & Q(asked=False) | UNSEEN)

    def lacking(self, lack: str, at: datetime):
        """Choices that stand and do not hold for this reason before all others."""
        had = rests_on(at)
        for name in Lack.values:
            if name == lack:
                break
            self = self.filter(had[name])
        return self.exclude(had[lack])

    def ending(self, at: datetime, until: datetime):
        """Choices in force at `at` that hold no longer at `until`, if nothing else happens: the grant's agreed end, or
        the day the reseller hands back (R8). One rule, asked of two instants."""
        asked = self.filter(ended_at=None).live().judged(at).alias(asked_then=holds_each(until))
        return asked.filter(asked=True, asked_then=False)

    def unseen(self):
        """Ended by the reseller or by the move to new commerce, and no agent of the provider has seen it yet."""
        return self.filter(UNSEEN, subscription__status__in=LIVE)


class Designation(models.Model):
    """A partner chosen to support a subscription, from one instant to another. Rows end, they are never rewritten.

    The provider is never stored: it is the contact whenever no designation is in force (R1). That intervals of one
    subscription do not overlap is said by the partial unique index for the open one; closed ones are guarded by the
    operations under the subscription's lock (exclusion constraints need btree_gist).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.PROTECT, related_name="designations_made")
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="designations"
    )
    partner = models.ForeignKey("portal.Partner", models.PROTECT, related_name="designations")
    started_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=20, choices=EndedAs.choices, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    # The reseller hands it back: from then on it no longer holds, and no job has to run for that.
    hands_back_at = models.DateTimeField(null=True, blank=True)
    # When an agent of the provider took note of an end that somebody else brought about.
    end_seen_at = models.DateTimeField(null=True, blank=True)
    # Which door made it: an import replaces only what an import made.
    channel = models.CharField(max_length=10)
    # Until when it holds by what concerns it alone: its partner's delegated admin there, its hand-back; none is for
    # ever. The database keeps it (migration 0007), whatever is written here: a way to few rows, never a rule.
    holds_until = models.DateTimeField(null=True, editable=False)

    objects = DesignationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "subscription"],
                condition=Q(ended_at=None),
                name="designation_open_once",
                violation_error_message=_("This subscription has a designated support contact already."),
            ),
            models.CheckConstraint(
                condition=~Q(partner=F("provider")),
                name="designation_is_not_provider",
                violation_error_message=_("The provider is the contact without being designated."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="designation_ends_after_start",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_as="") | (Q(ended_at__isnull=False) & ~Q(ended_as="")),
                name="designation_end_has_reason",
                violation_error_message=_("An end says how it ended."),
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "-started_at", "-id"], name="designation_since"),
            models.Index(
                fields=["provider", "-started_at", "-id"],
                condition=Q(ended_at=None),
                name="designation_open_since",
            ),
            models.Index(
                fields=["provider", "holds_until"],
                condition=Q(ended_at=None),
                name="designation_holds_until",
            ),
            models.Index(
                fields=["provider", "partner", "holds_until"],
                condition=Q(ended_at=None),
                name="designation_open_partner",
            ),
            models.Index(fields=["partner", "provider"], name="designation_partner"),
            models.Index(fields=["partner", "-started_at", "-id"], name="designation_partner_since"),
            models.Index(
                fields=["provider", "hands_back_at"],
                condition=Q(ended_at=None, hands_back_at__isnull=False),
                name="designation_handed_back",
            ),
            models.Index(
                fields=["provider", "subscription"],
                condition=Q(ended_as__in=ENDED_BY_OTHERS, end_seen_at=None),
                name="designation_unseen",
            ),
            models.Index(fields=["subscription", "started_at"], name="designation_subscription"),
        ]

    def __str__(self):
        return f"{self.subscription}: {self.partner}"
