"""Row locks in the one order the portal takes them.

Membership → Partner → Customer → ResellerRelationship → CustomerRelationship → DelegatedAdmin → Subscriptions → what
hangs on one of these alone. Of one kind, rows are taken by id, in one statement. A step may be left out, never taken
back: two acts that need each other's rows wait in one order, and nobody waits in a ring.

What an act rests on is shared, what it changes is taken for update, at its place:

| act | shared | for update |
|---|---|---|
| choose, repair, the policy | membership, partners, relationships, grants | subscriptions |
| acknowledge, decline, hand back a duty; see its end | membership, partners | its subscription |
| request, accept, decline, withdraw, end with a reseller | membership, both partners | the pair's records |
| request at a customer | membership, partners, own records | Customer (no key), the pair's records, their grants |
| accept, decline, withdraw, end at a customer | membership, partner | the relationship, its grants |
| register, remove a subscription | membership, partner, relationship | the subscription |
| suspend, the policy's days, invite a reseller | membership | the partner; then the invitations |
| come with an invitation | the inviting partner | the invitation, Organisation (no key), the pair's records |
| invite a customer's first admin | membership, relationship | Organisation (no key), then its invitations |
| roles and members | | memberships of global admins and the subject; then invitations of members |
| erase a person | | their memberships and those of global admins beside them; invitations to them; the account |
| make, limit integrations | membership | the partner |
| rename, rotate, revoke an integration; end its former secret | membership | its credential |
| any call of the API that changes something | its credential, then its own partner | the key of its answer, before |
| make a webhook | membership | Partner (no key) |
| change, stop, remove a webhook; send it something again | membership | WebhookEndpoint → WebhookDelivery (no key) |

A call of the API takes the key of its answer (ApiAnswer) before everything else, and then the order of its act, with
its credential where a person has a membership: ApiAnswer → Credential → Partner → …. Only the same call sent again
waits for that key, and holds nothing yet. Secrets change under their credential's lock and need none of their own. Its
own partner is shared for the limit of integrations; an act that shares it again, with others, holds it already, and no
act of an integration takes a partner for update. Whoever sends takes a WebhookDelivery that nobody holds, alone.

So whoever ends a relationship, a grant or an account takes that row for update before anybody's choice can share it,
or waits for the choice: an end and a choice have two orders and no third. "No key" lets rows be written meanwhile that
only refer to the row, as every event refers to its organisation; an organisation's own row is held by those alone who
bring people into it. What hangs on a row (links, reports, notices, asks, batches) comes last, where several may be held
in id order; a batch (`operations.batches`) is met by its own act alone, and by a job that waits for nobody. An import
takes the same order in bulk (`support_contacts.operations.importing`).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, models
from psycopg import errors as postgresql

from portal.errors import Busy


def lock_share(model: type[models.Model], ids: Iterable[object]) -> None:
    """Hold these rows as they are until the transaction ends. Django knows no FOR SHARE.

    Rows are locked by id, in id order. Must run inside a transaction.
    """
    keys = sorted({str(key) for key in ids})
    if not keys:
        return
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE {column} = ANY(%s::uuid[]) ORDER BY {column} FOR SHARE",  # noqa: S608 - names of our own tables
            [keys],
        )


@contextmanager
def patience() -> Iterator[None]:
    """Around a whole operation: a lock not given in time (the connection's `lock_timeout`) is Busy, not a fault.

    Raises Busy; nothing was written, since the transaction inside was rolled back.
    """
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, postgresql.LockNotAvailable | postgresql.DeadlockDetected):
            raise Busy from error
        raise
