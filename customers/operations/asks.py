"""Steps that somebody's role does not let them take: put on the list of those who may, prefilled."""

from django.db import transaction
from django.utils import timezone

from customers.models import Ask, Customer
from portal.actor import Actor
from portal.authority import still
from portal.errors import NotVisible
from portal.models import Partner
from portal.permissions import Permission, require


@transaction.atomic(durable=True)
def ask_for_step(
    reseller: Partner, *, step: str, customer: Customer | None, path: str, acting: Actor
) -> tuple[Ask, bool]:
    """Ask those who may to take a step for a reseller; whether it is new. Asking twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_ASK)
    acting = still(acting, Permission.RELATIONSHIP_ASK)
    if not acting.is_provider:
        raise NotVisible
    Ask.objects.taken_since().filter(provider_id=acting.organisation.pk, reseller=reseller).update(
        done_at=timezone.now()
    )
    # One row a step: of two who ask at once the second finds the first's.
    return Ask.objects.get_or_create(
        provider_id=acting.organisation.pk,
        reseller=reseller,
        customer=customer if step == Ask.Step.DELEGATED_ADMIN else None,
        step=step,
        done_at=None,
        defaults={"path": path, "asked_by": acting.user},
    )


@transaction.atomic(durable=True)
def dismiss_ask(ask: Ask, *, acting: Actor) -> None:
    """Somebody who may take the step does not want to: it is off the list. Twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    own = Ask.objects.visible_to(acting).filter(pk=ask.pk)
    if not own.exists():
        raise NotVisible
    own.filter(done_at=None).update(done_at=timezone.now())
