"""The jobs of the daily digest, and the letters this app brings. `support_contacts.tasks` imports them."""

from datetime import UTC, datetime

from django.db import transaction

from portal.jobs import defer, job
from support_contacts import digest, letters

#: Known to `portal.tell` by being imported.
LETTERS = letters


@job("support_contacts.daily_digest", cron="0 6 * * *")
def daily_digest(timestamp: int) -> None:
    """Have the digest of every provider written, each in a job of its own: one that fails stops no other."""
    day = datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    for provider_id in digest.providers():
        with transaction.atomic():
            defer("support_contacts.digest_of", provider_id=provider_id, day=day)


@job("support_contacts.digest_of")
def digest_of(provider_id: str, day: str) -> None:
    """Tell one provider's agents what needs attention on this day."""
    digest.tell(provider_id, day)
