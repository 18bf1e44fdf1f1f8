"""The subscription: who supports it, the choice, and the page that verifies a change."""

import uuid
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import drafts
from portal.actor import Actor
from portal.audience import Audience, page
from portal.errors import Busy, Conflict, NewCommerce, NotEligible, SubscriptionEnded
from portal.htmx import render_page
from portal.identifiers import canonical_guid
from portal.models import Action, AuditEvent, Partner
from portal.permissions import Permission, can, require
from portal.views.errors import wrong_organisation
from portal.who import names_of, names_read, who_of, with_names
from subscriptions.models import Subscription
from support_contacts import said, subscription_rows
from support_contacts.cards import Card, card_for
from support_contacts.forms import ContactForm, DayForm, FindForm, HistoryForm, versions_of
from support_contacts.lookup import stranger
from support_contacts.models import Interval
from support_contacts.operations import AlreadySo, choose_support_contact
from support_contacts.origin import origin_of
from support_contacts.reasons import words
from support_contacts.subscription_page import SubscriptionPage, others_supported_by, page_for

TEMPLATE = "subscriptions/detail.html"
#: A day on which clocks are put forward; no shorter stretch is "all day".
SHORTEST_DAY = timedelta(hours=23)


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW, needs_row=True)
def subscription(request: HttpRequest, tenant: uuid.UUID, subscription: str) -> HttpResponse:
    """One subscription: facts, whom the customer calls, the choice, and the history."""
    row = _find(request.actor, tenant, subscription)
    require(request.actor, Permission.CUSTOMER_VIEW)
    draft = drafts.take(request, _choose_url(row))
    form = ContactForm(initial={"note": draft.get("note", "")} if draft else None)
    find, part = FindForm(request.GET), HistoryForm(request.GET)
    shown = page_for(
        request.actor,
        row,
        find=find.cleaned_data["find"] if find.is_valid() else "",
        chosen=canonical_guid(draft.get("partner", "")) if draft else None,
        ticked=versions_of(draft.getlist("addon")).keys() if draft else None,
        before=part.before,
    )
    preselected = _asked_to_choose(request, shown) if draft is None else None
    already = _already(request, shown)
    return _render(
        request,
        shown,
        form,
        find=find,
        part=part,
        restored=draft is not None,
        already=already,
        preselected=preselected,
        said=said.take(request),
        status=200 if part.is_valid() else 422,
    )


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("GET", "POST"), needs_row=True)
def choose(request: HttpRequest, tenant: uuid.UUID, subscription: str) -> HttpResponse:
    """Submit: change the contact, then show the change for verification (R6). To load it leads to the page."""
    page_url = reverse("customers:subscription", args=[tenant, subscription])
    if request.method == "POST" and (
        conflict := wrong_organisation(request, page_url, typed=request.POST.get("note", ""))
    ):
        return conflict
    row = _find(request.actor, tenant, subscription)
    require(request.actor, Permission.CONTACT_ASSIGN)
    if request.method != "POST":
        return _redirect(page_url, request)
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _refused(request, row, form, status=422)
    try:
        outcome = choose_support_contact(
            row,
            partner_id=form.cleaned_data["partner"],
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
            addons=form.cleaned_data["addon"],
            acting=request.actor,
        )
    except Conflict as conflict:
        return _refused(request, row, form, status=409, conflict=conflict)
    except NotEligible as refusal:
        return _refused(request, row, form, status=422, refusal=refusal)
    except NewCommerce as refusal:
        return _refused(request, row, form, status=404, closed=refusal)
    except SubscriptionEnded as refusal:
        if refusal.details["subscription"].pk == row.pk:
            return _refused(request, row, form, status=409, closed=refusal)
        return _refused(request, row, form, status=409, stopped=refusal)
    except Busy as refusal:
        return _refused(request, row, form, status=503, stopped=refusal)
    if isinstance(outcome, AlreadySo):
        already = outcome.event.pk if outcome.event else "default"
        return _redirect(_subscription_url(row), request, already=already)
    return _redirect(_verify_url(outcome.subscription, outcome.event), request)


@page(Audience.AGENTS, Permission.CUSTOMER_VIEW, needs_row=True)
def verify(request: HttpRequest, tenant: uuid.UUID, subscription: str, event: uuid.UUID) -> HttpResponse:
    """The change as it was written: before, after, what the customer sees now, Close. Safe to load again."""
    row = _find(request.actor, tenant, subscription)
    changes = AuditEvent.objects.visible_to(request.actor).filter(
        pk=event,
        subscription_id=row.pk,
        action__in=[Action.DESIGNATION_MADE, Action.DESIGNATION_ENDED],
    )
    me = request.actor.organisation.pk
    change = with_names(changes, me).select_related("note").first()
    if change is None:
        raise Http404
    require(request.actor, Permission.CUSTOMER_VIEW)
    shown = page_for(request.actor, row)
    later = subscription_rows.first_change_after(me, change)
    people = names_read([change, *filter(None, [later])], me)
    sides = _sides(change)
    context = {
        "page": shown,
        "change": change,
        "who": who_of(change, people, me),
        "is_own": bool(request.user.pk == change.actor_id),
        "changed_since": later,
        "changed_since_by": who_of(later, people, me) if later else "",
        "before": sides["before"],
        "after": sides["after"],
        "addons": _addons_changed_with(request.actor, change),
        "others": others_supported_by(row, shown.contact.partner.pk, now=shown.now)
        if shown.contact.partner
        else 0,
        "card": _card(shown),
        "close_url": origin_of(request) or reverse("customers:detail", args=[row.customer_id]),
        "closes_to_list": bool(origin_of(request)),
        "from": origin_of(request),
        "correct_url": _with_from(_subscription_url(row), request) + "#contact",
    }
    return render(request, "subscriptions/verify.html", context)


# -- parts


def _find(actor: Actor, tenant: uuid.UUID, text: str) -> Subscription:
    """The actor's own subscription with this Microsoft id, or ours; not visible and not there are one answer."""
    found = subscription_rows.own(actor, tenant, text)
    if found is None:
        raise Http404
    return found


def _render(
    request: HttpRequest, shown: SubscriptionPage, form: ContactForm, *, status: int = 200, **more: object
) -> HttpResponse:
    row = shown.subscription
    shown.origin = _with_from(_subscription_url(row), request)
    day = DayForm(
        request.GET if "on" in request.GET else None,
        first=shown.first_day,
        last=timezone.localtime(shown.now).date(),
        initial={"on": timezone.localtime(shown.now).date()},
    )
    asked = day.cleaned_data["on"] if day.is_bound and day.is_valid() else None
    on_the_day = shown.history.on(asked) if asked else []
    context = {
        "page": shown,
        "form": form,
        "day": day,
        "asked_on": asked,
        "asked": on_the_day,
        "asked_whole_day": len(on_the_day) == 1 and _length(on_the_day[0], shown.now) >= SHORTEST_DAY,
        "find": FindForm(request.GET),
        "stranger": stranger(request.actor, shown.find, known=shown.standings)
        if shown.finds_nothing
        else None,
        "stranger_url": _stranger_url(shown),
        "choose_url": _choose_url(row),
        "page_url": _subscription_url(row),
        "earlier_url": _with_from(_subscription_url(row), request, after=shown.history.earlier)
        if shown.history.earlier
        else "",
        "from": origin_of(request),
        **more,
    }
    return render_page(request, TEMPLATE, context, fragment="unavailable", status=status)


def _length(interval: Interval, now: datetime) -> timedelta:
    return (interval.end or now) - interval.start


def _stranger_url(shown: SubscriptionPage) -> str:
    """Where somebody asks a reseller that was found by its exact PartnerID or domain."""
    if not can(shown.actor, Permission.RELATIONSHIP_REQUEST):
        return ""
    return f"{reverse('resellers:request')}?{urlencode({'find': shown.find, 'from': shown.origin})}"


def _refused(
    request: HttpRequest,
    row: Subscription,
    form: ContactForm,
    *,
    status: int,
    conflict: Conflict | None = None,
    refusal: NotEligible | None = None,
    closed: NewCommerce | SubscriptionEnded | None = None,
    stopped: SubscriptionEnded | Busy | None = None,
) -> HttpResponse:
    """The page again with everything the person typed, and what stood in the way. Nothing was written."""
    fresh = _find(request.actor, row.customer_id, row.public_id)
    chosen = form.cleaned_data.get("partner")
    shown = page_for(request.actor, fresh, chosen=chosen, ticked=form.cleaned_data.get("addon", {}).keys())
    partner = (
        Partner.objects.visible_to(request.actor).select_related("organisation").filter(pk=chosen).first()
    )
    more: dict[str, object] = {"typed_note": request.POST.get("note", ""), "chosen_partner": partner}
    if conflict is not None:
        event = conflict.details["event"]
        more |= {
            "conflict": conflict,
            "conflict_event": event,
            "conflict_who": _who(request.actor, event),
            "conflict_subscription": conflict.details["subscription"],
            "loaded": form.cleaned_data.get("loaded"),
            "loaded_contact": _contact_when_loaded(shown, form.cleaned_data["version"]),
        }
    if refusal is not None:
        name = partner.name if partner else _("This partner")
        more["refusal"] = {
            "name": name,
            "why": words(refusal.details["verdict"], customer=shown.customer_name, reseller=name),
        }
    more |= {"closed": closed, "stopped": stopped}
    return _render(request, shown, form, status=status, **more)


def _who(actor: Actor, event: AuditEvent | None) -> str:
    """Who acted, whichever subscription it was about; empty where nobody is named."""
    me = actor.organisation.pk
    return who_of(event, names_of([event], me), me) if event is not None else ""


def _contact_when_loaded(shown: SubscriptionPage, version: int) -> str:
    """Whom the page showed when the form was loaded: what the first change after that version replaced."""
    change = subscription_rows.first_change_of(shown.actor.organisation.pk, shown.subscription.pk, version)
    return change.before["contact"]["name"] if change else ""


def _already(request: HttpRequest, shown: SubscriptionPage) -> dict[str, object] | None:
    """The answer to a choice that was so already: who was first, if somebody was."""
    text = request.GET.get("already", "")
    if not text:
        return None
    wanted = canonical_guid(text)
    event = next((e for e in shown.history.events if e.pk == wanted), None)
    if event is None or event.actor_id == request.user.pk:
        return {"event": None, "who": ""}
    return {"event": event, "who": shown.history.who(event)}


def _asked_to_choose(request: HttpRequest, shown: SubscriptionPage) -> Partner | None:
    """The reseller an address asks to have preselected, while it is eligible; choosing stays the person's act."""
    wanted = canonical_guid(request.GET.get("choose", ""))
    eligible = (candidate.partner for candidate in shown.candidates.eligible)
    partner = next((partner for partner in eligible if partner.pk == wanted), None)
    if partner is not None:
        shown.chosen = partner.pk
    return partner


def _card(shown: SubscriptionPage) -> Card | None:
    """What the customer's admins see of this subscription now."""
    partner = shown.contact.partner
    if partner is None:
        return None
    zone = timezone.get_current_timezone()
    return card_for(
        partner, [shown.subscription], at=shown.now, zone=zone, since=shown.history.current.interval.start
    )


def _sides(change: AuditEvent) -> dict[str, dict[str, object]]:
    """Before and after with names as they were, telephone as it is now: never from a copy (R7)."""
    sides = {"before": change.before["contact"], "after": change.after["contact"]}
    ids = [canonical_guid(side["id"]) for side in sides.values()]
    partners = {
        str(partner.pk): partner
        for partner in Partner.objects.filter(pk__in=ids).select_related("organisation", "support_profile")
    }
    return {
        name: {**side, "call": partners[side["id"]].profile.call if side["id"] in partners else None}
        for name, side in sides.items()
    }


def _addons_changed_with(actor: Actor, change: AuditEvent) -> list[Subscription]:
    together = AuditEvent.objects.visible_to(actor).filter(
        at=change.at, request_id=change.request_id, customer_id=change.customer_id, action=change.action
    )
    rows = Subscription.objects.visible_to(actor).filter(parent=change.subscription_id)
    return list(rows.filter(pk__in=together.values("subscription_id")).order_by("sort_name", "pk"))


# -- addresses


def _subscription_url(row: Subscription) -> str:
    return reverse("customers:subscription", args=[row.customer_id, row.public_id])


def _choose_url(row: Subscription) -> str:
    return reverse("customers:choose", args=[row.customer_id, row.public_id])


def _verify_url(row: Subscription, event: AuditEvent) -> str:
    return reverse("customers:verify", args=[row.customer_id, row.public_id, event.pk])


def _with_from(url: str, request: HttpRequest, **query: object) -> str:
    fields = {**query, **({"from": origin_of(request)} if origin_of(request) else {})}
    return f"{url}?{urlencode(fields)}" if fields else url


def _redirect(url: str, request: HttpRequest, **query: object) -> HttpResponse:
    response = HttpResponseRedirect(_with_from(url, request, **query))
    response.status_code = 303
    return response
