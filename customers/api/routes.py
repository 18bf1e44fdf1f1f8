"""`GET /v1/customers…`. Whose customers: those the caller has an established relationship with, and nobody else's."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Router

from customers.api import schemas, shapes
from customers.filters import answering, own_customers, related_at
from customers.models import active_grant
from portal.api.endpoint import endpoint
from portal.api.faults import CUSTOMER_NOT_FOUND, NOT_FOUND, Fault
from portal.api.pages import PARAMETERS, VALUE, filter_parameter, page_in
from portal.api.relationships import BY_NAME as BY_PARTNERS_NAME
from portal.api.relationships import with_partners, writer_for
from portal.api.schemas import CustomersPartners
from portal.api.wire import answer, filter_of
from portal.identifiers import PATTERN, canonical_guid
from portal.keyset import Order
from portal.permissions import Permission, require

router = Router(tags=["Customers"])

BY_NAME = Order("sort_name")
_FILTER = filter_parameter(
    gettext_noop(
        "A condition, as JSON. IndirectReseller and IndirectCloudSolutionProvider compare tenant IDs. contains and "
        "substring find text inside words too, and several words in any order; starts_with is answered faster."
    ),
    {
        "Field": {"enum": ["CompanyName", "Domain"]},
        "Operator": {"enum": ["starts_with", "equals", "contains", "substring"]},
        "Value": VALUE,
    },
    {
        "Field": {"enum": ["IndirectReseller", "IndirectCloudSolutionProvider"]},
        "Operator": {"enum": ["starts_with", "equals"]},
        "Value": {"type": "string", "pattern": PATTERN},
    },
    example={"Field": "CompanyName", "Value": "cont", "Operator": "starts_with"},
)


@router.get(
    "customers",
    summary=gettext_noop("Get a list of customers"),
    response={200: schemas.Customers},
    openapi_extra={"parameters": [_FILTER, *PARAMETERS]},
)
@endpoint(Permission.CUSTOMER_VIEW)
def list_customers(request: HttpRequest) -> HttpResponse:
    actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
    rows = own_customers(actor, now)
    wanted = filter_of(request)
    if wanted is not None:
        rows = answering(
            rows, field=wanted.field, operator=wanted.operator, value=wanted.value, actor=actor, now=now
        )
    listed = rows.values_list(*shapes.LISTED, named=True)
    return answer(page_in(request, listed, BY_NAME, path="/customers", write=shapes.listed))


@router.get(
    "customers/{tenant}", summary=gettext_noop("Get a customer by ID"), response={200: schemas.CustomerInFull}
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def get_customer(request: HttpRequest, tenant: str) -> HttpResponse:
    row = customer_for(request, tenant, timezone.now(), columns=shapes.IN_FULL)
    return answer(shapes.in_full(row))


@router.get(
    "customers/{tenant}/profiles/company",
    summary=gettext_noop("Get a customer's company profile"),
    response={200: schemas.CompanyProfile},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def get_company_profile(request: HttpRequest, tenant: str) -> HttpResponse:
    return answer(shapes.company_profile(customer_for(request, tenant, timezone.now())))


@router.get(
    "customers/{tenant}/relationships",
    summary=gettext_noop("Get the resellers of a customer"),
    response={200: CustomersPartners},
    openapi_extra={"parameters": PARAMETERS},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def list_customer_relationships(request: HttpRequest, tenant: str) -> HttpResponse:
    """A provider's resellers, a reseller's providers, that have a relationship with this customer as well."""
    actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
    customer_id = customer_for(request, tenant, now).customer_id
    me = actor.organisation.pk
    rows = with_partners(related_at(customer_id, actor, now), me)
    path = f"/customers/{customer_id}/relationships"
    write = writer_for(me, in_full=False)
    return answer(page_in(request, rows, BY_PARTNERS_NAME, path=path, write=write))


def customer_for(
    request: HttpRequest, tenant: str, now: datetime, *, columns: Sequence[str] = shapes.NAMED
) -> Any:
    """The caller's customer by this tenant id, then its right to read it. Foreign and unknown: one 404.

    What is no GUID is no id but a word: a resource that is not here, or a slip. It is told so, and by its name.
    """
    actor = request.actor  # type: ignore[attr-defined]
    customer_id = canonical_guid(tenant)
    if customer_id is None:
        raise Fault(
            HTTPStatus.NOT_FOUND,
            NOT_FOUND,
            _("There is no resource “customers/%(word)s” here. A customer is named by its tenant ID, a GUID.")
            % {"word": tenant[:80]},
            "not_found",
        )
    rows = own_customers(actor, now).filter(customer_id=customer_id)
    if "delegated" in columns:
        own_grant = active_grant(OuterRef("partner_id"), OuterRef("customer_id"), now)
        rows = rows.annotate(delegated=own_grant)
    row = rows.values_list(*columns, named=True).first()
    if row is None:
        raise Fault(
            HTTPStatus.NOT_FOUND, CUSTOMER_NOT_FOUND, _("You have no customer with this ID."), "not_found"
        )
    require(actor, Permission.CUSTOMER_VIEW)
    return row
