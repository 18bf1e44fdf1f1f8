"""What every template may rely on: the frame around the page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.permissions import Permission, can
from portal.zones import abbreviation, city

#: The page whose count stands in the rail, and the function that counts, asked only where the rail is drawn.
ATTENTION, COUNT = "contacts:list", "support_contacts.waiting.count"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the rail."""

    label: str
    url: str
    icon: str
    current: bool
    count: Callable[[], int] | None = None


def frame(request: HttpRequest) -> dict[str, object]:
    """The rail, the organisations to switch to, and the zone times are shown in."""
    actor: Actor | None = getattr(request, "actor", None)
    zone = timezone.get_current_timezone_name()
    return {
        "actor": actor,
        "nav": navigation(request, actor) if actor else [],
        "organisations": [
            {
                "id": membership.organisation_id,
                "name": membership.organisation.name,
                "kind_label": membership.organisation.kind_label,
                "current": actor is not None and membership.organisation_id == actor.organisation.pk,
            }
            for membership in getattr(request, "memberships", [])
        ],
        "zone_city": city(zone),
        "zone_abbreviation": abbreviation(zone, timezone.now()),
        "show_search": bool(actor and actor.is_provider and can(actor, Permission.CUSTOMER_VIEW)),
        "request_id": getattr(request, "id", ""),
        "demo": settings.DEMO,
    }


def navigation(request: HttpRequest, actor: Actor) -> list[Item]:
    """The rail of this actor: only pages that exist and that their roles open."""
    wanted: list[tuple[str, str, str]] = []
    views_customers = actor.is_provider and can(actor, Permission.CUSTOMER_VIEW)
    views_support = actor.is_customer and can(actor, Permission.SUPPORT_VIEW)
    views_duties = actor.is_reseller and can(actor, Permission.CUSTOMER_VIEW)
    if actor.organisation.is_partner:
        wanted.append((_("Home"), "home", "home"))
    if views_customers:
        wanted.append((_("Customers"), "customers:list", "building-office-2"))
        wanted.append((_("Support contacts"), ATTENTION, "lifebuoy"))
        wanted.append((_("Resellers"), "resellers:list", "user-group"))
    if views_duties:
        wanted.append((_("Duties"), "support_contacts:duties", "briefcase"))
        wanted.append((_("Providers"), "providers:list", "building-storefront"))
    if views_support:
        wanted.append((_("Whom to call"), "support_contacts:whom-to-call", "phone"))
        wanted.append((_("Partner relationships"), "partner_relationships:list", "user-group"))
    if can(actor, Permission.ACTIVITY_VIEW):
        wanted.append((_("Activity"), "activity:list", "clock"))
    wanted.append((_("Organisation"), "organisation:profile", "cog-6-tooth"))
    return [
        Item(
            label,
            url,
            icon,
            current=_is_current(request.path, url),
            count=partial(_attention, request) if name == ATTENTION else None,
        )
        for label, name, icon in wanted
        if (url := _url(name))
    ]


def _attention(request: HttpRequest) -> int:
    """What needs this actor's attention; the app that knows lies above and is named as a string."""
    count: int = import_string(COUNT)(request)
    return count


def _is_current(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
