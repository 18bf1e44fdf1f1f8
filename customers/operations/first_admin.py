"""A customer's first global admin: invited by a partner it has a relationship with, while it has no members."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerRelationship
from portal.actor import Actor
from portal.audit import record
from portal.authority import still
from portal.errors import NotVisible, OperationError
from portal.locks import lock_share, patience
from portal.models import Action, Membership, Organisation, PasswordLink
from portal.operations.links import make_link, unanswered, withdraw
from portal.permissions import Permission, Role, require


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The invitation was made. `token` is shown once to the person who invited; only its hash is stored."""

    invitation: PasswordLink
    token: str


@patience()
@transaction.atomic(durable=True)
def invite_first_admin(customer: Customer, *, email: str, name: str = "", acting: Actor) -> FirstAdmin:
    """Invite the first global admin of a customer that has no members. One open invitation at a time.

    The address must be the customer's where its domain is known: whoever comes first governs the organisation.
    A new invitation by the same partner ends the one before.
    """
    needed = Permission.RELATIONSHIP_REQUEST
    require(acting, needed)
    acting = still(acting, needed)
    known = CustomerRelationship.objects.filter(
        partner_id=acting.organisation.pk, customer=customer, ended_at=None
    )
    lock_share(CustomerRelationship, known.values_list("pk", flat=True))
    now = timezone.now()
    relationship = known.established(now).first()
    if relationship is None or not acting.is_provider:
        raise NotVisible
    # Two partners who invite at once meet here.
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if Membership.objects.filter(organisation=organisation).exists():
        raise OperationError(
            _("This customer has members already. They invite each other."), code="has_members"
        )
    if not _is_theirs(email, organisation, relationship):
        raise OperationError(
            _("Use an address of the customer, at %(domain)s.") % {"domain": organisation.domain},
            code="not_their_domain",
        )
    colleagues = Membership.objects.visible_to(acting).values("user_id")
    for link in unanswered(organisation.pk).order_by("pk").select_for_update():
        is_ours = link.invited_by_id is not None and colleagues.filter(user_id=link.invited_by_id).exists()
        if link.expires_at > now and not is_ours:
            raise OperationError(
                _("Somebody was invited already. That invitation ends within seven days."),
                code="invited_already",
            )
        withdraw(link, acting=acting, at=now, permission=needed)
    link, token = make_link(
        organisation, email=email, name=name, roles=[Role.GLOBAL_ADMIN], acting=acting, at=now
    )
    record(
        Action.MEMBER_INVITED,
        acting=acting,
        organisation=organisation,
        at=now,
        permission=needed,
        after={"invitation": str(link.pk), "roles": [Role.GLOBAL_ADMIN.value], "first": True},
        customer_id=customer.pk,
        partner_ids=[acting.organisation.pk],
    )
    return FirstAdmin(link, token)


def _is_theirs(email: str, organisation: Organisation, relationship: CustomerRelationship) -> bool:
    domains = {organisation.domain} if organisation.domain else {relationship.domain, *relationship.domains}
    host = email.rpartition("@")[2].casefold()
    return not any(domains) or any(
        host == domain.casefold() or host.endswith("." + domain.casefold()) for domain in domains if domain
    )
