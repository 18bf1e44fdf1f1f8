"""Invented subscriptions, and who was chosen to support them, as the rules would have let it happen."""

from collections.abc import Sequence

from portal.models import Action
from portal.names import sort_name
from subscriptions.models import Subscription
from support_contacts.generating import vocabulary
from support_contacts.generating.chance import DAY, Chance, Ranked
from support_contacts.generating.copying import NO, NULL, YES, Table, array, as_json, guid, instant
from support_contacts.generating.customers import Buyer, Right
from support_contacts.generating.partners import Made
from support_contacts.generating.record import Record
from support_contacts.models import ContactReport, Designation, EndedAs

#: Nobody is chosen later than this: what ended since took eligibility away from choices that stood.
SETTLED = -62
#: What most buy, first.
_LEGACY, _NEW = Ranked(vocabulary.LEGACY_OFFERS, 0.7), Ranked(vocabulary.NEW_OFFERS, 0.7)
_KINDS = ("usage", "Usage-based"), ("license", "Licenses")


class Sales:
    def __init__(self, chance: Chance, record: Record) -> None:
        self._chance, self._record = chance, record
        self._sort_names: dict[str, str] = {}
        self.subscriptions = Table(
            Subscription,
            *("id", "provider_id", "customer_id", "microsoft_id", "purchased_through", "seller_name"),
            *("offer_id", "offer_name", "friendly_name", "sort_name", "order_id", "parent_id"),
            *("parent_microsoft_id", "quantity", "unit_type", "status", "suspension_reasons", "created_on"),
            *("effective_start", "commitment_end", "auto_renew", "billing_type", "billing_cycle"),
            *("term_duration", "reseller_of_record", "is_new_commerce", "moved_to_new_commerce_at"),
            *("recorded_at", "ended_at", "contact_version"),
        )
        self.designations = Table(
            Designation,
            *("id", "provider_id", "subscription_id", "partner_id", "started_at", "ended_at", "ended_as"),
            *("acknowledged_at", "hands_back_at", "end_seen_at", "channel", "holds_until"),
        )
        self.reports = Table(
            ContactReport,
            "id",
            "provider_id",
            "customer_id",
            "partner_id",
            "reason",
            "detail",
            "day",
            "reported_at",
        )

    @property
    def tables(self) -> list[Table]:
        return [self.subscriptions, self.designations, self.reports]

    def sell(self, provider: Made, buyer: Buyer) -> None:
        """Everything this customer has of this provider."""
        parent = ""
        for _number in range(buyer.subscriptions):
            is_addon = bool(parent) and self._chance.happens(0.12)
            sold = self._subscription(provider, buyer, parent if is_addon else "")
            parent = parent if is_addon else sold
        if buyer.rights and self._chance.happens(0.0005):
            self._reported(provider, buyer)

    # -- inside

    def _subscription(self, provider: Made, buyer: Buyer, parent: str) -> str:
        """One of them; its id where it may have add-ons."""
        chance = self._chance
        is_new = not parent and chance.happens(0.35)
        began_on = chance.day(buyer.since, min(-2, (buyer.ended or 0) - 3))
        began = chance.on(began_on)
        pk, public = chance.id_at(began), guid(chance.getrandbits(128))
        ended_on = chance.day(max(began_on + 1, -300), -1) if chance.happens(0.08) else buyer.ended
        moved_on = None
        if is_new and began_on < SETTLED - 40 and chance.happens(0.03):
            moved_on = chance.day(SETTLED + 1, -5)
        registered = not (is_new or parent or ended_on) and chance.happens(0.015)
        kept = not registered or chance.happens(0.7)  # a paper contract has no Microsoft ID
        offer, usual, by_usage = (
            chance.choice(vocabulary.ADDON_OFFERS) if parent else (_NEW if is_new else _LEGACY).one(chance)
        )
        quantity = 1 if by_usage else max(1, int(usual * chance.random() ** 3 * 2))
        status = "active"
        if ended_on is not None:
            status = chance.choice(("expired", "disabled", "deleted"))
        elif chance.happens(0.03):
            status = chance.choice(("suspended", "suspended", "pending", "none"))
        version, stops = 0, moved_on
        if (not is_new or moved_on) and buyer.rights and chance.happens(0.75):
            version = self._supported(provider, buyer, pk, max(began_on, buyer.since), stops, ended_on)
        version += 1 if moved_on and not version else 0
        billing, unit = _KINDS[0] if by_usage else _KINDS[1]
        ends = began + DAY * 365 * (1 + (chance.today - began) // (DAY * 365))
        recorded = instant(began)
        self.subscriptions.add(
            *(pk, provider.id, buyer.id, public if kept else NULL),
            *(("enterprise_agreement", "Microsoft, enterprise agreement") if registered else ("partner", "")),
            "CFQ7TTC0LH16:0001:CFQ7TTC0K971" if is_new and not moved_on else f"{len(offer):08x}-offer",
            *(
                offer,
                chance.choice(vocabulary.NICKNAMES) if chance.happens(0.15) else "",
                self._sorted(offer),
            ),
            *(pk[12:24], parent[:32] or NULL, parent[32:], str(quantity), unit, status),
            *("{PartnerSuspended}" if status == "suspended" else "{}", recorded, recorded, instant(ends)),
            *(YES if ended_on is None else NO, billing, "monthly" if by_usage else "annual", "P1Y"),
            *(buyer.record.partner_id if buyer.record else "", YES if is_new else NO),
            instant(self._moved(provider, buyer, pk, moved_on, version)) if moved_on else NULL,
            recorded,
            instant(chance.on(ended_on)) if ended_on is not None else NULL,
            str(version),
        )
        return "" if is_new or not kept else pk + public

    def _sorted(self, offer: str) -> str:
        if offer not in self._sort_names:
            self._sort_names[offer] = sort_name(offer)[:200]
        return self._sort_names[offer]

    def _supported(
        self, provider: Made, buyer: Buyer, pk: str, began: int, moved: int | None, ended: int | None
    ) -> int:
        """Who was chosen for it, and when; how many changes that were."""
        chance, right = self._chance, buyer.rights[0]
        first, last = self._window(right, began, moved, ended)
        if first >= last:
            return 0
        version, before = 0, as_json({"contact": provider.json, "designated": None})
        day = chance.day(first, last)
        if day - first > 60 and chance.happens(0.25):
            version = self._earlier(provider, buyer, pk, began, chance.day(first, day - 40), day - 1)
        stands = moved is None and not chance.happens(0.03)
        return self._chosen(
            provider, buyer, pk, right, day, version, before, None if stands else moved or last + 20
        )

    def _window(self, right: Right, began: int, moved: int | None, ended: int | None) -> tuple[int, int]:
        """Days on which this reseller could be chosen."""
        last = min(SETTLED, right.lost - 2, *(day - 30 for day in (moved, ended) if day is not None))
        return max(began, right.since, right.tie.since) + 2, last

    def _earlier(self, provider: Made, buyer: Buyer, pk: str, began: int, day: int, until: int) -> int:
        """Somebody had been chosen before, and it went back to the provider."""
        right = buyer.rights[-1]
        first, last = self._window(right, began, None, None)
        if not first <= day < until <= last:
            return 0
        before = as_json({"contact": provider.json, "designated": None})
        return self._chosen(
            provider, buyer, pk, right, day, 0, before, until, how=EndedAs.BACK_TO_PROVIDER.value
        )

    def _chosen(
        self,
        provider: Made,
        buyer: Buyer,
        pk: str,
        right: Right,
        day: int,
        version: int,
        before: str,
        until: int | None,
        how: str = "",
    ) -> int:
        """One designation with its events; the version after it."""
        chance, reseller = self._chance, right.tie.reseller
        started = chance.on(day)
        channel = ("portal", "portal", "portal", "bulk", "import", "api")[int(chance.random() * 6)]
        ended, seen = NULL, NULL
        chosen = {"contact": reseller.json, "designated": reseller.json, "version": version + 1}
        self._record.choice(
            *(provider, Action.DESIGNATION_MADE, started),
            customer=buyer.id,
            subscription=pk,
            partners=array(reseller.id),
            before=before,
            after=as_json(chosen),
            note=chance.choice(vocabulary.NOTES) if chance.happens(0.03) else "",
            channel=channel,
        )
        version += 1
        if until is not None:
            at = chance.on(until)
            ended = instant(at)
            how = (
                how or chance.choice((EndedAs.DECLINED, EndedAs.HANDED_BACK, EndedAs.BACK_TO_PROVIDER)).value
            )
            if how != EndedAs.BACK_TO_PROVIDER.value and not chance.happens(0.02):
                seen = instant(at + DAY)
            version += 1
            self._record.choice(
                *(provider, Action.DESIGNATION_ENDED, at),
                customer=buyer.id,
                subscription=pk,
                partners=array(reseller.id),
                before=as_json({"contact": reseller.json, "designated": reseller.json, "reason": ""}),
                after=as_json(
                    {"contact": provider.json, "designated": None, "ended_as": how, "version": version}
                ),
                channel="portal",
            )
        hands_back = until is None and chance.happens(0.003)
        holds_until = NULL if until is not None else instant(right.ends)
        if hands_back:
            back = chance.on(chance.day(3, 40))
            holds_until = instant(min(back, right.ends))
        self.designations.add(
            *(chance.id_at(started), provider.id, pk, reseller.id, instant(started), ended),
            *(how if ended != NULL else "", instant(started + 10_800) if day < -30 else NULL),
            *(instant(back) if hands_back else NULL, seen, channel, holds_until),
        )
        return version

    def _moved(self, provider: Made, buyer: Buyer, pk: str, day: int, version: int) -> int:
        """It went over to new commerce, by an import."""
        at = self._chance.on(day)
        nobody: dict[str, object] = {"contact": provider.json, "designated": None}
        self._record.choice(
            *(provider, Action.SUBSCRIPTION_MOVED, at),
            customer=buyer.id,
            subscription=pk,
            partners="{}",
            before=as_json(nobody),
            after=as_json({"contact": None, "designated": None, "version": version}),
            channel="import",
        )
        return at

    def _reported(self, provider: Made, buyer: Buyer) -> None:
        """The customer says that nobody answers."""
        chance, right = self._chance, buyer.rights[0]
        at = chance.on(chance.day(-5, -1))
        self.reports.add(
            *(chance.id_at(at), provider.id, buyer.id, right.tie.reseller.id, "no_answer", ""),
            *(instant(at)[:10], instant(at)),
        )


def total(tables: Sequence[Table]) -> int:
    return sum(table.rows for table in tables)
