"""What everybody of an organisation is told, until one of them has seen to it."""

from django.db import transaction
from django.utils import timezone

from portal.actor import Actor
from portal.models import Notice


@transaction.atomic(durable=True)
def see_notice(notice: Notice, *, acting: Actor) -> None:
    """Somebody opened it: it is not said again. Twice changes nothing."""
    Notice.objects.visible_to(acting).filter(pk=notice.pk, seen_at=None).update(seen_at=timezone.now())
