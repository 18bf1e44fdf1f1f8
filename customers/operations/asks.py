"""Steps that somebody's role does not let them take: put on the list of those who may, prefilled."""

from django.db import transaction
from django.utils import timezone

from customers.models import Ask, Customer
from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import NotVisible
from portal.locks import patience
from portal.models import Action, Partner
from portal.permissions import Permission, require


@patience()
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
    asked, is_new = Ask.objects.get_or_create(
        provider_id=acting.organisation.pk,
        reseller=reseller,
        customer=customer if step == Ask.Step.DELEGATED_ADMIN else None,
        step=step,
        done_at=None,
        defaults={"path": path, "asked_by": acting.user},
    )
    if is_new:
        _record(Action.STEP_ASKED, asked, acting, Permission.RELATIONSHIP_ASK)
    return asked, is_new


@patience()
@transaction.atomic(durable=True)
def dismiss_ask(ask: Ask, *, acting: Actor) -> None:
    """Somebody who may take the step does not want to: it is off the list. Twice changes nothing."""
    require(acting, Permission.RELATIONSHIP_REQUEST)
    acting = still(acting, Permission.RELATIONSHIP_REQUEST)
    rows = Ask.objects.visible_to(acting).select_related("reseller__organisation")
    row = rows.filter(pk=ask.pk).select_for_update(of=("self",)).first()
    if row is None:
        raise NotVisible
    if row.done_at is None:
        row.done_at = timezone.now()
        row.save(update_fields=["done_at"])
        _record(Action.STEP_DISMISSED, row, acting, Permission.RELATIONSHIP_REQUEST)


def _record(action: Action, ask: Ask, acting: Actor, permission: Permission) -> None:
    """The list of everybody who may take steps has changed."""
    reseller = ask.reseller
    record(
        action,
        acting=acting,
        organisation=acting.organisation,
        at=ask.done_at or ask.asked_at,
        permission=permission,
        after={
            "ask": str(ask.pk),
            "step": ask.step,
            "reseller": {"id": str(reseller.pk), "name": reseller.name, "partner_id": reseller.partner_id},
        },
        customer_id=ask.customer_id,
        partner_ids=[reseller.pk],
    )
