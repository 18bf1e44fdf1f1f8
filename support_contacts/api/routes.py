"""`…/supportcontact` as Microsoft has it, and beside it candidates, history, the list of all choices, and the batch."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_noop
from ninja import Router

from portal.api import throttle
from portal.api.endpoint import endpoint
from portal.api.pages import PARAMETERS, page_written
from portal.api.replay import once
from portal.api.wire import answer, body_of, collection
from portal.permissions import Permission
from subscriptions.models import Subscription
from support_contacts.api import candidates, history, listing, schemas, shapes
from support_contacts.api.batch import choose_all, lines_in
from support_contacts.api.reading import NOBODY, Meant, at_in, meant_in, partner_of, versions_in
from support_contacts.api.rows import Partners, actor_of, no_contact, shown_now, subscription_of
from support_contacts.operations import choose_here

router = Router(tags=["Support contacts"])

CONTACT = "customers/{tenant}/subscriptions/{subscription}/supportcontact"


@router.get(
    CONTACT,
    summary=gettext_noop("Get a subscription's support contact"),
    response={200: schemas.Contact | schemas.Day},
    openapi_extra={"parameters": schemas.AT},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def get_support_contact(request: HttpRequest, tenant: str, subscription: str) -> HttpResponse:
    """Whom the customer calls: the partner in force, otherwise the provider. New commerce has none: 404
    `new_commerce_not_supported`.

    With `at`, who it was then: at an instant, or every interval of a day. Before the first record of the subscription
    here an instant is 404 `not_recorded_here`, and a day has an interval of that kind.
    """
    now = timezone.now()
    if at := request.GET.get("at", "").strip():
        row = subscription_of(request, tenant, subscription, Permission.CUSTOMER_VIEW)
        return answer(history.contact_at(request, row, at_in(at, now), now))
    found = shown_now(request, tenant, subscription, now)
    if found.is_new_commerce:
        raise no_contact()
    said = shapes.shown(found.in_force, actor_of(request).organisation.partner)
    public_id = found.microsoft_id or str(found.pk)
    contact = shapes.support_contact(
        said, customer_id=found.customer_id, public_id=public_id, version=found.contact_version
    )
    return _with_etag(answer(contact), contact)


@router.put(
    CONTACT,
    summary=gettext_noop("Update a subscription's support contact"),
    response={200: schemas.SupportContact},
    openapi_extra=schemas.CHOICE,
)
@endpoint(Permission.CONTACT_ASSIGN, needs_row=True)
def update_support_contact(request: HttpRequest, tenant: str, subscription: str) -> HttpResponse:
    """Choose a partner; the provider itself ends the designation. What is so already is a success and not written
    again, whatever the etag. Who cannot be chosen is refused with the reason that candidates tell.
    """
    row = subscription_of(request, tenant, subscription, Permission.CONTACT_ASSIGN)
    meant = meant_in(body_of(request))
    return _with_etag(once(request, lambda: _choose(request, row, meant)))


@router.get(
    f"{CONTACT}/candidates",
    summary=gettext_noop("Get who may be the support contact, and why others may not"),
    response={200: schemas.Candidates},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def list_candidates(request: HttpRequest, tenant: str, subscription: str) -> HttpResponse:
    """The provider first, marked as the default, then eligible resellers; then the others, each with one reason."""
    row = subscription_of(request, tenant, subscription, Permission.CUSTOMER_VIEW)
    items = candidates.items_of(request, row, timezone.now())
    path = shapes.contact_path(row.customer_id, row.public_id)
    return answer(collection(items, self_uri=f"{path}/candidates"))


@router.get(
    f"{CONTACT}/history",
    summary=gettext_noop("Get who was the support contact"),
    response={200: schemas.History},
    openapi_extra={"parameters": history.TURNED},
)
@endpoint(Permission.CUSTOMER_VIEW, needs_row=True)
def list_contact_history(request: HttpRequest, tenant: str, subscription: str) -> HttpResponse:
    """Every interval, newest first, with the change that began it; persons are not named."""
    row = subscription_of(request, tenant, subscription, Permission.CUSTOMER_VIEW)
    return answer(history.history_of(request, row, timezone.now()))


@router.get(
    "supportcontacts",
    summary=gettext_noop("Get all designated support contacts"),
    response={200: schemas.Designations},
    openapi_extra={"parameters": [*schemas.LISTING, *PARAMETERS]},
)
@endpoint(Permission.CUSTOMER_VIEW)
def list_support_contacts(request: HttpRequest) -> HttpResponse:
    """Every choice that stands, whether in force or not; newest first.

    With `changedSince` also those that ended since (`endedAs`), and those that lost or regained in that time what they
    rest on: a client that asks from time to time, with the time it last asked, misses nothing. One may come twice.
    """
    now = timezone.now()
    rows = listing.rows_asked_for(request, now)
    write = listing.writer_at(now)
    return answer(page_written(request, rows, listing.ORDER, path="/supportcontacts", write=write))


@router.post(
    "supportcontacts/batch",
    summary=gettext_noop("Update many support contacts"),
    response={200: schemas.BatchAnswer},
    openapi_extra=schemas.BATCH,
)
@endpoint(Permission.CONTACT_ASSIGN)
def update_support_contacts(request: HttpRequest) -> HttpResponse:
    """Up to 1,000 choices, each with its own answer in the order given. One that is refused stops no other.

    A subscription named twice with different partners is refused each time; named twice with the same one, it is
    changed once. Without an etag an item takes whatever is there. Rights are asked of the whole batch: 403. Ten items
    count as one call towards the limit of a minute.
    """
    lines = lines_in(body_of(request))
    if seconds := throttle.count_items(request, actor_of(request), len(lines)):
        return throttle.refusal(seconds)
    return once(request, lambda: choose_all(request, lines))


# -- parts


def _choose(request: HttpRequest, row: Subscription, meant: Meant) -> Mapping[str, Any]:
    actor = actor_of(request)
    partners = Partners(actor, [meant.tenant] if meant.tenant else [], [meant.number] if meant.number else [])
    partner = partner_of(meant, partners)
    outcome = choose_here(
        row,
        partner_id=partner.pk if partner else NOBODY,
        version=versions_in(request.headers.get("If-Match"), row.public_id),
        acting=actor,
    )
    chosen, changed = partner or row.provider, outcome.subscription or row
    return shapes.support_contact(
        shapes.partner(chosen),
        customer_id=row.customer_id,
        public_id=row.public_id,
        version=changed.contact_version,
    )


def _with_etag(response: HttpResponse, body: Mapping[str, Any] | None = None) -> HttpResponse:
    """The etag of the body as a header too, also of an answer given a second time."""
    said = body or json.loads(response.content)
    response["ETag"] = f'"{said["attributes"]["etag"]}"'
    return response
