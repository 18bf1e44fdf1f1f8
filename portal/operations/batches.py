"""Many changes of one act, made in several transactions, told together once the act is over.

Every transaction of the act joins its batch and so holds the batch's row until it commits. Whoever runs the act closes
the batch, which has its mails written. Where that process was killed, a job closes it some minutes later; from then on
the batch takes no more. So every change is told, and none twice, whenever a process dies.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.actor import Actor
from portal.errors import OperationError
from portal.jobs import defer
from portal.models import Batch

#: An act from which nothing was heard for so long, with no transaction of it under way, is nobody's any more.
LEFT_ALONE = timedelta(minutes=2)


class BatchOver(OperationError):
    """The batch was closed meanwhile: whoever runs the act was taken for dead, and stops."""

    default_code = "batch_over"

    def __init__(self) -> None:
        super().__init__("This batch is closed.")


def join(batch_id: uuid.UUID, *, acting: Actor) -> None:
    """Make the caller's transaction a part of this batch of the actor's organisation, which begins with its first part.

    The events of the part carry the actor's request id. Raises BatchOver.
    """
    now = timezone.now()
    made = Batch(
        pk=batch_id,
        organisation=acting.organisation,
        request_id=acting.request_id,
        begun_at=now,
        last_at=now,
    )
    Batch.objects.bulk_create([made], ignore_conflicts=True)
    row = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if row.closed_at is not None:
        raise BatchOver
    row.last_at = max(row.last_at, now)
    row.save(update_fields=["last_at"])


def close(batch_id: uuid.UUID, *, at: datetime | None = None) -> None:
    """The act is over: have it told. Inside the caller's transaction. Twice, or where nothing began, is nothing.

    `at` is the one instant of its changes, where somebody outside chose the request id and may use it again.
    """
    if Batch.objects.filter(pk=batch_id, closed_at=None).update(closed_at=timezone.now()):
        defer("portal.tell_batch", batch_id=batch_id, at=at.isoformat() if at else "")


def close_left_alone() -> int:
    """Close what nobody will close any more; how many. One that a transaction of its act holds is not left alone."""
    before = timezone.now() - LEFT_ALONE
    closed = 0
    for pk in list(Batch.objects.left_alone_since(before).values_list("pk", flat=True)):
        with transaction.atomic(durable=True):
            rows = Batch.objects.left_alone_since(before).select_for_update(of=("self",), skip_locked=True)
            if rows.filter(pk=pk).first() is not None:
                close(pk)
                closed += 1
    return closed


def forget(before: datetime) -> None:
    """Delete batches that were over, and told, long ago."""
    Batch.objects.filter(closed_at__lt=before).delete()
