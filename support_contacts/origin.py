"""Where a step began: the page of ours that a person comes back to."""

from django.http import Http404, HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal.actor import Actor
from subscriptions.models import Subscription

LONGEST = 2000


def origin_of(request: HttpRequest) -> str:
    """The page about customers or their contacts that "from" names; nothing where it names something else."""
    text = request.POST.get("from", "") or request.GET.get("from", "")
    pages = (reverse("customers:list"), reverse("contacts:list"), reverse("resellers:list"))
    own = text.startswith(pages) and len(text) < LONGEST and text.isprintable()
    return text if own and url_has_allowed_host_and_scheme(text, allowed_hosts=None) else ""


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
    return rows.identified(found.kwargs["subscription"]).filter(customer_id=found.kwargs["tenant"]).first()


def with_anchor(origin: str, anchor: str) -> str:
    return f"{origin.partition('#')[0]}#{anchor}"
