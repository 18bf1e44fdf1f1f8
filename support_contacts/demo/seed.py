"""Writes the demo's tables as rows, and what happened as events of the days it happened on."""

from datetime import datetime

from support_contacts.demo import customers, parties, rights, sales
from support_contacts.demo.made import Made


def seed(now: datetime) -> None:
    """Fill an empty database. Must run inside a transaction."""
    made = Made(now)
    parties.write_partners(made)
    sold = {"fabrikam": customers.FABRIKAM_SALES, **customers.OTHER_SALES}
    for provider, rows in sold.items():
        for row in rows:
            parties.write_customer(made, provider, row)
    parties.write_people(made)
    rights.write_relationships(made)
    rights.write_suspensions(made)
    rights.write_grants(made)
    for provider, rows in sold.items():
        for row in rows:
            sales.write_sale(made, provider, row)
    sales.write_named_subscriptions(made)
    sales.write_history(made)
