"""`GET /v1/customers/{id}/subscriptions…`: those the caller sold to its customer, or registered for support."""

from http import HTTPStatus
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Router

from customers.api.routes import customer_for
from portal.api.endpoint import endpoint
from portal.api.faults import CUSTOMER_NOT_FOUND, SUBSCRIPTION_NOT_FOUND, Fault, bad_input
from portal.api.pages import PARAMETERS, page_in
from portal.api.wire import answer
from portal.identifiers import canonical_guid
from portal.keyset import Order
from portal.permissions import Permission
from subscriptions.api import schemas, shapes
from subscriptions.models import Subscription

router = Router(tags=["Subscriptions"])

BY_NAME = Order("sort_name")
_QUERY = [
    {
        "name": "order_id",
        "in": "query",
        "required": False,
        "description": gettext_noop("Only those of this order."),
        "schema": {"type": "string", "pattern": "\\S"},
    },
    {
        "name": "mpn_id",
        "in": "query",
        "required": False,
        "description": gettext_noop("Only those whose reseller of record has this PartnerID."),
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
]


@router.get(
    "customers/{tenant}/subscriptions",
    summary=gettext_noop("Get all of a customer's subscriptions, those of an order, or those of a reseller"),
    response={200: schemas.Subscriptions},
    openapi_extra={"parameters": [*_QUERY, *PARAMETERS]},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def list_subscriptions(request: HttpRequest, tenant: str) -> HttpResponse:
    """Microsoft does not page these: neither do we, up to five hundred; beyond that there is a `next`."""
    customer = customer_for(request, tenant, timezone.now())
    rows = _asked_for(_of(request, customer), request)
    return _listed(request, rows, customer, f"/customers/{customer.customer_id}/subscriptions")


@router.get(
    "customers/{tenant}/subscriptions/{subscription}",
    summary=gettext_noop("Get a subscription by ID"),
    response={200: schemas.Subscription},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def get_subscription(request: HttpRequest, tenant: str, subscription: str) -> HttpResponse:
    customer = _customer_of(request, tenant)
    row = _found(_of(request, customer), subscription)
    return answer(shapes.writer_for(customer.country)(row))


@router.get(
    "customers/{tenant}/subscriptions/{subscription}/addons",
    summary=gettext_noop("Get the add-ons of a subscription"),
    response={200: schemas.Subscriptions},
    openapi_extra={"parameters": PARAMETERS},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def list_addons(request: HttpRequest, tenant: str, subscription: str) -> HttpResponse:
    """Those tied to it, and those that name it as their parent and are not tied yet."""
    customer = _customer_of(request, tenant)
    own = _of(request, customer)
    parent = _found(own, subscription)
    children = Q(parent_id=parent.pk)
    if parent.microsoft_id:
        children |= Q(parent_id=None, parent_microsoft_id=parent.microsoft_id)
    path = f"/customers/{customer.customer_id}/subscriptions/{shapes.public_id(parent)}/addons"
    return _listed(request, own.filter(children), customer, path)


def _customer_of(request: HttpRequest, tenant: str) -> Any:
    """The customer of a subscription. What the address names is the subscription, so that a customer who is not there
    is the same 404/20003, here and below it."""
    try:
        return customer_for(request, tenant, timezone.now())
    except Fault as fault:
        raise _not_found() if fault.code == CUSTOMER_NOT_FOUND else fault from None


def _not_found() -> Fault:
    text = _("This customer has no subscription of yours with this ID.")
    return Fault(HTTPStatus.NOT_FOUND, SUBSCRIPTION_NOT_FOUND, text, "not_found")


def _of(request: HttpRequest, customer: Any) -> QuerySet[Subscription]:
    """Those of this customer that the caller itself has: what others sold it is theirs alone (R12)."""
    actor = request.actor  # type: ignore[attr-defined]
    rows: QuerySet[Subscription] = Subscription.objects.visible_to(actor).filter(
        provider_id=actor.organisation.pk, customer_id=customer.customer_id
    )
    return rows


def _asked_for(rows: QuerySet[Subscription], request: HttpRequest) -> QuerySet[Subscription]:
    order_id, mpn_id = (_text(request, name) for name in ("order_id", "mpn_id"))
    if order_id is not None:
        guid = canonical_guid(order_id)
        rows = rows.filter(order_id=str(guid) if guid else order_id)
    if mpn_id is not None:
        if not (mpn_id.isascii() and mpn_id.isdigit()):
            raise bad_input(_("mpn_id has digits only."), "mpn_id")
        rows = rows.filter(reseller_of_record=mpn_id)
    return rows


def _text(request: HttpRequest, name: str) -> str | None:
    """What the address says; nothing at all is a mistake, not a wish for everything."""
    said = request.GET.get(name)
    if said is not None and not said.strip():
        raise bad_input(_("%(name)s is empty.") % {"name": name}, name)
    return said.strip() if said else None


def _found(rows: QuerySet[Subscription], text: str) -> Any:
    """The subscription this id names: Microsoft's in any case and notation, or ours. Otherwise 404/20003."""
    named = rows.named(text)  # type: ignore[attr-defined]
    found = named.values_list(*shapes.COLUMNS, named=True).first()
    if found is None:
        raise _not_found()
    return found


def _listed(request: HttpRequest, rows: QuerySet[Subscription], customer: Any, path: str) -> HttpResponse:
    listed = rows.values_list(*shapes.COLUMNS, named=True)
    write = shapes.writer_for(customer.country)
    return answer(page_in(request, listed, BY_NAME, path=path, write=write))
