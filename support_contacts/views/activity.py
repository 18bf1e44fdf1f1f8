"""The activity log: what happened in the reader's own organisation, filtered, page by page, and as CSV."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.audience import Audience, page
from portal.csv_files import csv_file
from portal.htmx import render_page, wants_fragment
from portal.permissions import Permission
from support_contacts.activity.chosen import events, people, wanted
from support_contacts.activity.exporting import exported, heads
from support_contacts.activity.listing import ActivityList
from support_contacts.forms_activity import ActivityForm

TEMPLATE = "activity/list.html"


@page(Audience.MEMBERS, Permission.ACTIVITY_VIEW)
def activity(request: HttpRequest) -> HttpResponse:
    """The organisation's own events, newest first; the address is the whole state."""
    return _page(request, ActivityForm(request.GET, people=people(request.actor)))


@page(Audience.MEMBERS, Permission.ACTIVITY_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The same events as the list shows, all of them, as CSV; what the list would refuse is refused here."""
    form = ActivityForm(request.GET, people=people(request.actor))
    if not form.is_valid():
        return _page(request, form)
    asked = wanted(request.actor, form.cleaned_data, form.begins_at, form.ends_at)
    if not asked.is_clear:
        return _page(request, form)
    now = timezone.now()
    rows = exported(request.actor, events(request.actor, asked), now=now)
    return csv_file("activity", heads(), rows, at=now)


def _page(request: HttpRequest, form: ActivityForm) -> HttpResponse:
    organisation = request.actor.organisation
    context: dict[str, object] = {
        "form": form,
        "has_customers": organisation.is_partner,
        "has_subscriptions": request.actor.is_provider,
        "swapped": wants_fragment(request),
    }
    if not form.is_valid():
        # Cursors have no field a person sees: what is wrong with them is said above the others.
        context["problems"] = [
            message for name in ("after", "before") for message in form.errors.get(name, [])
        ]
        return render_page(request, TEMPLATE, context, fragment="found", status=422)
    asked = wanted(request.actor, form.cleaned_data, form.begins_at, form.ends_at)
    context["list"] = ActivityList(request.actor, timezone.now(), form.cleaned_data, asked)
    return render_page(request, TEMPLATE, context, fragment="found")
