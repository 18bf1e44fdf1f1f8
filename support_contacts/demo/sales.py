"""What was sold, and who was chosen to support it, by whom and when."""

from datetime import datetime, timedelta
from itertools import islice

from django.db.models import F

from customers.models import DelegatedAdmin
from portal import audit
from portal.models import Action
from subscriptions.models import PurchasedThrough, Subscription
from support_contacts.demo import customers, history, subscriptions
from support_contacts.demo.clock import stable_id
from support_contacts.demo.made import Made
from support_contacts.models import Designation, EndedAs
from support_contacts.operations.core import Choice, apply_choice

#: What a reseller holds at a customer it supports, where `customers.GRANTS` says nothing else.
USUAL_GRANT = (-400, 330)
#: Generated choices are older than any of the ends that take eligibility away again.
SETTLED = -70


def write_sale(made: Made, provider: str, row: customers.Sale) -> None:
    domain = row.domain or "unnamed"
    bought = [_generated(made, provider, domain, row, number) for number in range(row.subscriptions)]
    free = iter([one for one in bought if one.is_live and not one.is_new_commerce])
    for reseller, count in row.support.items():
        for subscription in islice(free, count):
            _supported(made, provider, domain, reseller, subscription)


def _generated(made: Made, provider: str, domain: str, row: customers.Sale, number: int) -> Subscription:
    """The customer's next subscription out of the catalogue, always the same one."""
    chance = stable_id("subscription", provider, domain, number)
    catalogue = subscriptions.CATALOGUE
    start = stable_id("first offer", domain).int
    offer, quantity, new_commerce = catalogue[(start + number) % len(catalogue)]
    began = min(-5, row.since + chance.int % 40)
    ended = -(5 + chance.int % 80) if number % 11 == 9 else None
    spec = subscriptions.DemoSubscription(
        key=str(number),
        offer=offer,
        nickname=subscriptions.SITES[number // len(catalogue) % len(subscriptions.SITES)],
        quantity=max(1, quantity * (1 + chance.int % 5) // 2),
        began=began,
        ends=ended or began + 365 * (1 - began // 365) + 1,
        id=str(chance),
        status="expired" if ended else "suspended" if number % 13 == 7 else "active",
        ended=ended,
        record=row.record if number % 2 == 0 else "",
        new_commerce=new_commerce,
        usage_based=offer in subscriptions.USAGE_BASED,
    )
    return _subscription(made, provider, domain, spec)


def _supported(made: Made, provider: str, domain: str, reseller: str, subscription: Subscription) -> None:
    since, until = USUAL_GRANT
    if (domain, reseller) not in made.granted:
        made.granted.add((domain, reseller))
        DelegatedAdmin.objects.create(
            relationship=made.resellers_relationship(domain, reseller, since - 1),
            requested_for=made.partners[provider],
            established_at=made.clock.at(since),
            ends_at=made.clock.at(until),
        )
    began = (subscription.began_at.date() - made.clock.today).days
    earliest = max(since, began, made.related_since[provider, reseller] or 0) + 2
    day = earliest + stable_id("choice", subscription.pk).int % (SETTLED - earliest)
    who = ("admin-agent", "admin-agent", "global-admin", "import")[day % 4]
    if f"{who}@{made.partners[provider].organisation.domain}" not in made.members:
        who = "global-admin"
    _choose(made, provider, reseller, subscription, made.clock.at(day, "14:00"), who)


def write_named_subscriptions(made: Made) -> None:
    for provider, domain, rows in (
        ("fabrikam", customers.CONTOSO, subscriptions.CONTOSO_FROM_FABRIKAM),
        ("proseware", customers.CONTOSO, subscriptions.CONTOSO_FROM_PROSEWARE),
        ("fabrikam", customers.NORTHWIND, subscriptions.NORTHWIND_FROM_FABRIKAM),
    ):
        for row in rows:
            made.subscriptions[domain, row.key] = _subscription(made, provider, domain, row)


def _subscription(
    made: Made, provider: str, domain: str, row: subscriptions.DemoSubscription
) -> Subscription:
    began = made.clock.at(row.began, "08:00")
    parent = made.subscriptions.get((domain, row.parent))
    of_record = made.partners.get(row.record)
    modern = row.new_commerce and row.moved is None
    licence = "Usage-based" if row.usage_based else "Licenses"
    return Subscription.objects.create(
        id=stable_id("row", provider, domain, row.key),
        provider=made.partners[provider],
        customer=made.customers[domain],
        microsoft_id=row.id,
        purchased_through=PurchasedThrough(row.through),
        seller_name=row.seller,
        offer_id=f"CFQ7TTC0DEMO:000{len(row.offer) % 9}:CFQ7TTC0AVAIL"
        if modern
        else str(stable_id("offer", row.offer)),
        offer_name=row.offer,
        friendly_name=row.nickname,
        order_id=str(stable_id("order", provider, domain, row.key)),
        parent=parent,
        parent_microsoft_id=parent.public_id if parent else "",
        quantity=row.quantity,
        unit_type=licence,
        status=row.status,
        suspension_reasons=["PartnerSuspended"] if row.status == "suspended" else [],
        created_on=began,
        effective_start=began,
        commitment_end=made.clock.at_or_none(row.ends, "08:00"),
        auto_renew=row.ends is not None and row.ended is None,
        billing_type="usage" if row.usage_based else "license",
        billing_cycle="monthly",
        term_duration="P1Y",
        reseller_of_record=of_record.partner_id if of_record else "",
        is_new_commerce=modern,
        recorded_at=began if row.recorded is None else made.clock.at(row.recorded, "09:00"),
        ended_at=made.clock.at_or_none(row.ended, "08:00"),
    )


def write_history(made: Made) -> None:
    for row in history.HISTORY:
        subscription = made.subscriptions[row.customer, row.subscription]
        at = made.clock.at(row.days, row.wall)
        _choose(made, "fabrikam", row.partner, subscription, at, row.who, row.note)
    for sold in subscriptions.CONTOSO_FROM_FABRIKAM:
        if sold.moved is not None:
            _moved(made, made.subscriptions[customers.CONTOSO, sold.key], made.clock.at(sold.moved, "03:00"))
    # Resellers know of what they have supported for a while; the latest ones wait to be acknowledged.
    old = Designation.objects.filter(started_at__lt=made.clock.at(-30))
    old.update(acknowledged_at=F("started_at") + timedelta(hours=3))


def _choose(
    made: Made,
    provider: str,
    partner: str,
    subscription: Subscription,
    at: datetime,
    who: str,
    note: str = "",
) -> None:
    stored = (
        Designation.objects.stored().filter(subscription=subscription).select_related("partner__organisation")
    )
    choice = Choice(subscription, made.partners[partner].pk, stored.first())
    apply_choice(choice, at=at, acting=made.acting(provider, who), note=note)


def _moved(made: Made, subscription: Subscription, at: datetime) -> None:
    """A subscription that went over to new commerce, which ended its designation."""
    provider = subscription.provider
    before: dict[str, object] = {
        "contact": {"id": str(provider.pk), "name": provider.name},
        "designated": None,
    }
    for designation in Designation.objects.stored().filter(subscription=subscription):
        before["contact"] = before["designated"] = {
            "id": str(designation.partner_id),
            "name": designation.partner.name,
            "partner_id": designation.partner.partner_id,
        }
        designation.ended_at, designation.ended_as = at, EndedAs.NEW_COMMERCE
        designation.save(update_fields=["ended_at", "ended_as"])
    subscription.is_new_commerce, subscription.moved_to_new_commerce_at = True, at
    subscription.contact_version += 1
    subscription.save()
    audit.record(
        Action.SUBSCRIPTION_MOVED,
        acting=made.acting("fabrikam", "import"),
        organisation=provider.organisation,
        at=at,
        before=before,
        after={"contact": None, "designated": None, "version": subscription.contact_version},
        customer_id=subscription.customer_id,
        subscription_id=subscription.pk,
    )
