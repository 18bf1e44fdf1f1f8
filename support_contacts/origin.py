"""Where a step began: the page of ours that a person comes back to."""

from collections.abc import Mapping

from django.http import Http404, HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from portal.actor import Actor
from portal.views.redirects import opens
from subscriptions.models import Subscription

LONGEST = 2000
#: Families of pages one may come from, and what the way back to them is called.
LISTS: Mapping[str, str | Promise] = {
    "customers": _("Customers"),
    "contacts": _("Support contacts"),
    "resellers": _("Resellers"),
    "activity": _("Activity"),
}


def origin_of(request: HttpRequest) -> str:
    """The page of ours that "from" names; nothing where it names something else."""
    return own_page(request.POST.get("from", "") or request.GET.get("from", ""))


def own_page(text: str) -> str:
    """This address, if it is a page of one of the lists, with its filter and row; nothing otherwise."""
    if not text.startswith("/") or len(text) >= LONGEST or not text.isprintable():
        return ""
    return text if url_has_allowed_host_and_scheme(text, allowed_hosts=None) and _family(text) else ""


def list_name(origin: str) -> str:
    """The list an address belongs to, as a person calls it."""
    return str(LISTS[_family(origin) or "customers"])


def _family(address: str) -> str:
    path = address.partition("?")[0].partition("#")[0]
    try:
        family = resolve(path).namespace
    except (Resolver404, Http404):
        return ""
    return family if family in LISTS and opens(path) else ""


def subscription_of(actor: Actor, origin: str) -> Subscription | None:
    """The subscription whose page the step began on, if it is this actor's."""
    path = origin.partition("?")[0].partition("#")[0]
    try:
        found = resolve(path)
    except (Resolver404, Http404):
        return None
    if found.view_name != "customers:subscription":
        return None
    rows = Subscription.objects.visible_to(actor).sold_by(actor.organisation.pk)
    return rows.named(found.kwargs["subscription"]).filter(customer_id=found.kwargs["tenant"]).first()


def with_anchor(origin: str, anchor: str) -> str:
    return f"{origin.partition('#')[0]}#{anchor}"
