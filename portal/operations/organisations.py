"""Making organisations: an operator's act, and the one door through which a stub becomes somebody's own.

`Customer` lives in an app above this one. It is only named here, through Django's registry, as the URL includes are:
imports run one way.
"""

import uuid
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal.actor import Actor
from portal.audit import record
from portal.errors import OperationError
from portal.models import Action, Membership, Organisation, Partner, PasswordLink
from portal.names import sort_name
from portal.operations.links import make_link, unanswered, withdraw
from portal.permissions import Role

KINDS = ("indirect-provider", "direct-partner", "indirect-reseller", "customer")
_PARTNER_KINDS = {
    "indirect-provider": "is_indirect_provider",
    "direct-partner": "is_direct_partner",
    "indirect-reseller": "is_indirect_reseller",
}


@dataclass(frozen=True, slots=True)
class Created:
    organisation: Organisation
    adopted: bool
    invitation: PasswordLink
    token: str


@transaction.atomic(durable=True)
def create_organisation(
    *,
    name: str,
    kinds: list[str],
    admin_email: str,
    admin_name: str = "",
    tenant: uuid.UUID | None = None,
    partner_id: str = "",
    domain: str = "",
    country: str = "",
    time_zone: str = "UTC",
) -> Created:
    """An organisation of these kinds and a one-use link for its first global admin.

    A stub that an import left (named by somebody, nobody of it came yet) is adopted, with everything that points at
    it. Anything else that is there already is refused. Messages speak to an operator, in English like all commands.
    """
    partner_flags = {_PARTNER_KINDS[kind]: True for kind in kinds if kind in _PARTNER_KINDS}
    if partner_id and not partner_flags:
        raise OperationError("Only a partner has a PartnerID.", code="not_a_partner")
    organisation = _stub(tenant, partner_id, name)
    adopted = organisation is not None
    if organisation is None:
        organisation = Organisation(pk=tenant or uuid.uuid4())
    organisation.name, organisation.stubbed_by = name.strip(), None
    organisation.domain = domain.strip().lower() or organisation.domain
    organisation.country = country.strip().upper() or organisation.country
    organisation.time_zone = time_zone
    _save(organisation)
    if partner_flags:
        _make_partner(organisation, partner_id, partner_flags)
    if "customer" in kinds:
        apps.get_model("customers", "Customer").objects.get_or_create(organisation=organisation)
    now = timezone.now()
    acting = Actor.operator(organisation)
    record(
        Action.ORGANISATION_CREATED,
        acting=acting,
        organisation=organisation,
        at=now,
        after={
            "organisation": str(organisation.pk),
            "name": organisation.name,
            "kinds": sorted(kinds),
            "partner_id": partner_id,
            "adopted": adopted,
        },
        partner_ids=[organisation.pk] if partner_flags else [],
    )
    link, token = _admin_link(organisation, admin_email, admin_name, acting)
    return Created(organisation, adopted, link, token)


@transaction.atomic(durable=True)
def new_admin_link(organisation: Organisation, *, admin_email: str, admin_name: str = "") -> Created:
    """Another link for a global admin: the first was lost, or the last global admin has gone for good."""
    acting = Actor.operator(organisation)
    if Membership.objects.filter(organisation=organisation, user__email__iexact=admin_email).exists():
        raise OperationError(
            f"{admin_email} is a member of {organisation.name} already.", code="member_already"
        )
    for old in unanswered(organisation.pk).filter(email__iexact=admin_email).select_for_update():
        withdraw(old, acting=acting, at=timezone.now())
    link, token = _admin_link(organisation, admin_email, admin_name, acting)
    return Created(organisation, False, link, token)


def _admin_link(organisation: Organisation, email: str, name: str, acting: Actor) -> tuple[PasswordLink, str]:
    now = timezone.now()
    link, token = make_link(
        organisation, email=email, name=name, roles=[Role.GLOBAL_ADMIN.value], acting=acting, at=now
    )
    record(
        Action.MEMBER_INVITED,
        acting=acting,
        organisation=organisation,
        at=now,
        after={"invitation": str(link.pk), "roles": [Role.GLOBAL_ADMIN.value]},
    )
    return link, token


def _stub(tenant: uuid.UUID | None, partner_id: str, name: str) -> Organisation | None:
    """The stub to adopt, or None to make a new organisation; refuses what exists in any other way."""
    rows = Organisation.objects.select_for_update(no_key=True)
    by_tenant = rows.filter(pk=tenant).first() if tenant else None
    owner = Partner.objects.filter(partner_id=partner_id).first() if partner_id else None
    by_partner_id = rows.filter(pk=owner.pk).first() if owner else None
    if by_partner_id and tenant and by_partner_id.pk != tenant:
        raise OperationError(
            f"PartnerID {partner_id} is that of {by_partner_id.name} ({by_partner_id.pk}).",
            code="partner_id_taken",
        )
    found = by_tenant or by_partner_id
    if found is None:
        same = (
            Organisation.objects.filter(sort_name=sort_name(name)[:200]).first() if tenant is None else None
        )
        if same is not None:
            raise OperationError(
                f"An organisation named {same.name} is there already ({same.pk}). "
                "Give --tenant: the same one to take over a stub, another one to make a second organisation.",
                code="name_taken",
            )
        return None
    if found.stubbed_by_id is None or Membership.objects.filter(organisation=found).exists():
        raise OperationError(
            f"{found.name} ({found.pk}) is there already. Use --link-only for another link to it.",
            code="exists",
        )
    return found


def _make_partner(organisation: Organisation, partner_id: str, flags: dict[str, bool]) -> None:
    partner = Partner.objects.select_for_update().filter(pk=organisation.pk).first()
    if partner is None:
        partner = Partner(organisation=organisation)
    if partner_id and partner.partner_id and partner.partner_id != partner_id:
        raise OperationError(
            f"{organisation.name} was recorded with PartnerID {partner.partner_id}, not {partner_id}.",
            code="partner_id_differs",
        )
    partner.partner_id = partner_id or partner.partner_id
    for flag in flags:
        setattr(partner, flag, True)
    _save(partner)


def _save(row: Organisation | Partner) -> None:
    try:
        row.full_clean(validate_unique=True)
    except ValidationError as error:
        raise OperationError(" ".join(error.messages), code="invalid") from error
    row.save()
