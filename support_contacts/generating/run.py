"""One run of `generate_data`: everything in one transaction, the largest provider first."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from portal.errors import OperationError
from portal.models import Organisation, Partner
from support_contacts.generating.chance import DAY, Chance, shares, subscriptions_of
from support_contacts.generating.copying import Table
from support_contacts.generating.customers import Buyer, Customers
from support_contacts.generating.loading import are_ours, gather_statistics, many_rows
from support_contacts.generating.partners import Made, Partners
from support_contacts.generating.record import Record
from support_contacts.generating.sales import Sales

#: From this many customers on it pays to make the indexes anew.
MANY = 2_000
#: A reseller for so many customers.
CUSTOMERS_A_RESELLER = 50
#: How many customers of the first provider buy from another one, too.
AGAIN = 0.06


@dataclass(frozen=True, slots=True)
class Generated:
    """What a run made: the largest of each kind, for those who want to sign in."""

    rows: dict[str, int]
    seconds: float
    provider: Made
    reseller: Made
    customer: Buyer
    #: The id of the person who has acted for the provider.
    agent: str


def generate(
    *,
    customers: int,
    providers: int,
    seed: int,
    now: datetime,
    demo: bool,
    say: Callable[[str], None] = lambda _text: None,
) -> Generated:
    """Invent so many customers with all that belongs to them, the same for the same seed and day.

    `demo` marks every organisation as one of the demonstration.
    """
    started = time.monotonic()
    today = int(datetime(now.year, now.month, now.day, tzinfo=UTC).timestamp())
    chance, suffix = Chance(seed, today), "" if seed == 1 else f"-{seed}"
    record = Record(chance)
    taken = set(Partner.objects.exclude(partner_id="").values_list("partner_id", flat=True))
    parties = Partners(chance, record, demo=demo, taken=taken, suffix=suffix)
    buyers = Customers(chance, record, parties.organisations, demo=demo, suffix=suffix)
    sales = Sales(chance, record)
    tables = [*parties.tables, *buyers.tables, *sales.tables, *record.tables]
    names = [table.name for table in tables]
    bare = customers >= MANY and are_ours(names)
    with transaction.atomic(), many_rows(names, bare=bare):
        sold = parties.providers(providers)
        if Organisation.objects.filter(pk=sold[0].id).exists():
            raise OperationError(
                "The data of this seed is here already: give another --seed.", code="generated"
            )
        agent = chance.id_at(today - 1500 * DAY)
        record.people[sold[0].id] = agent
        resellers = parties.resellers(max(12, customers // CUSTOMERS_A_RESELLER))
        largest: list[Buyer] = []
        again: list[Buyer] = []
        for rank, (provider, count) in enumerate(zip(sold, shares(customers, providers), strict=True)):
            ties = parties.tie(provider, resellers, 0.6 if rank == 0 else 0.15)
            for buyer in buyers.sold_to(provider, subscriptions_of(count, chance), ties):
                if not largest and buyer.domain:
                    largest.append(buyer)
                sales.sell(provider, buyer)
                if rank == 0 and buyer.subscriptions > 1 and chance.happens(AGAIN):
                    again.append(buyer)
            if rank:
                share = again[rank - 1 :: providers - 1]
                for buyer in buyers.sold_to_again(provider, share, ties):
                    sales.sell(provider, buyer)
            say(f"{provider.name}: {count:,} customers")
        _send(tables)
    gather_statistics(names)
    rows = {table.name: table.rows for table in tables}
    return Generated(rows, time.monotonic() - started, sold[0], resellers[0], largest[0], agent)


def _send(tables: list[Table]) -> None:
    for table in tables:
        table.send()
