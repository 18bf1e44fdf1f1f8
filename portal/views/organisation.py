"""The organisation: a partner's support profile beside the card its customers see; a customer's own record."""

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal import drafts
from portal.actor import Actor
from portal.audience import Audience, page
from portal.errors import Busy, Conflict
from portal.forms.profile import SupportProfileForm, version_of
from portal.htmx import render_page
from portal.models import ResellerRelationship, SupportProfile
from portal.operations.profile import change_support_profile
from portal.permissions import Permission, can, require
from portal.views.errors import wrong_organisation

#: Makes the card customers see. It belongs to the app above that shows it to them: named here, not imported.
CARD = "support_contacts.cards.card_for"


@page(Audience.MEMBERS, Permission.ORGANISATION_VIEW)
def profile(request: HttpRequest) -> HttpResponse:
    """Everybody of the organisation reads it; a form for those who may change it."""
    actor: Actor = request.actor
    if not actor.organisation.is_partner:
        return render(
            request,
            "portal/organisation.html",
            {
                "may_manage": can(actor, Permission.MEMBER_MANAGE),
                "may_see_mail": can(actor, Permission.MAIL_VIEW),
            },
        )
    partner = actor.organisation.partner
    # The live preview posts what is typed as well: it may be the one that meets the end of the session.
    draft = drafts.take(
        request, reverse("organisation:change-profile"), reverse("organisation:preview-profile")
    )
    if draft is not None:
        return _page(request, SupportProfileForm(draft, partner=partner), is_draft=True)
    return _page(request, SupportProfileForm(partner=partner))


@page(Audience.MEMBERS, Permission.PROFILE_EDIT, methods=("GET", "POST"), needs_row=True)
def change_profile(request: HttpRequest) -> HttpResponse:
    """Save the support profile; without JavaScript also the Preview button, which saves nothing."""
    actor = _editor(request)
    if request.method != "POST":
        return redirect("organisation:profile")
    if conflict := wrong_organisation(request, reverse("organisation:profile")):
        return conflict
    form = SupportProfileForm(request.POST, partner=actor.organisation.partner)
    if not form.is_valid():
        return _page(request, form, status=422)
    if "preview" in request.POST:
        return _page(request, form)
    try:
        event = change_support_profile(
            actor.organisation.partner,
            values=form.values,
            version=version_of(request.POST.get("version", "")),
            acting=actor,
        )
    except Busy as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, status=503)
    except Conflict as refusal:
        form.stored = refusal.details["profile"]
        form.add_error(None, _("%(why)s Your text is below; Save replaces theirs.") % {"why": refusal})
        return _page(request, form, status=409)
    return redirect(f"{reverse('organisation:profile')}?saved={'1' if event else '0'}")


@page(Audience.MEMBERS, Permission.PROFILE_EDIT, methods=("POST",), needs_row=True)
def preview_profile(request: HttpRequest) -> HttpResponse:
    """The card as it would be, for htmx: nothing is saved, nothing is refused."""
    actor = _editor(request)
    form = SupportProfileForm(request.POST, partner=actor.organisation.partner)
    form.is_valid()
    return _page(request, form)


def _editor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor
    if not actor.organisation.is_partner:
        raise Http404
    require(actor, Permission.PROFILE_EDIT)
    return actor


def _page(
    request: HttpRequest, form: SupportProfileForm, status: int = 200, *, is_draft: bool = False
) -> HttpResponse:
    actor: Actor = request.actor
    shown = form.profile
    now, zone = timezone.now(), timezone.get_current_timezone()
    providers = _providers(actor) if actor.is_reseller else []
    context = {
        "form": form,
        "version": form.stored.updated_at.isoformat() if form.stored.updated_at else "",
        "may_edit": can(actor, Permission.PROFILE_EDIT),
        "may_manage": can(actor, Permission.MEMBER_MANAGE),
        "may_see_mail": can(actor, Permission.MAIL_VIEW),
        "may_manage_credentials": can(actor, Permission.CREDENTIAL_MANAGE),
        "is_draft": is_draft,
        "saved": request.GET.get("saved") if request.method == "GET" else None,
        "missing": missing_from(shown, providers),
        "card": import_string(CARD)(actor.organisation.partner, [], at=now, zone=zone, profile=shown),
    }
    return render_page(request, "portal/profile.html", context, fragment="preview", status=status)


def _providers(actor: Actor) -> list[str]:
    """Names of the providers that may show this reseller to their customers."""
    established = (
        ResellerRelationship.objects.visible_to(actor)
        .established(timezone.now())
        .filter(reseller=actor.organisation.pk)
        .select_related("provider__organisation")
        .order_by("provider__organisation__sort_name")
    )
    return [relationship.provider.name for relationship in established]


def missing_from(profile: SupportProfile, providers: Sequence[str]) -> list[str]:
    """What customers will miss on the card, in sentences; the most important first."""
    found = []
    if not profile.telephone:
        if providers:
            text = _("No telephone: customers will see %(provider)s’s number beside yours.")
            found.append(text % {"provider": providers[0]})
        else:
            found.append(_("No telephone: customers have nothing to dial."))
    for label, telephone in ((_("Telephone"), profile.call), (_("Urgent telephone"), profile.call_urgent)):
        if telephone is not None and not telephone.is_dialable:
            text = _(
                "%(label)s “%(text)s” cannot be dialled with one tap: add the country code, as in +33 1 99 00 47 10."
            )
            found.append(text % {"label": label, "text": telephone.text})
    if not profile.email and not profile.website:
        found.append(_("No email and no website: there is no way to write to you."))
    if not profile.hours.is_known:
        found.append(_("No hours: customers cannot know when you answer."))
    elif not profile.hours.is_around_the_clock and not profile.urgent_telephone:
        found.append(_("No urgent telephone: outside your hours nobody can be reached."))
    if not profile.languages:
        found.append(_("No languages: customers cannot know which ones you speak."))
    return found
