"""The caller's own profiles (§2.6): what it tells its customers, and PartnerIDs.

Microsoft documents PUT at profiles/supportprofile, its SDKs send it to profiles/support (§8.25): both do both.
"""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Router

from portal.actor import Actor
from portal.api import relationships
from portal.api.endpoint import endpoint
from portal.api.faults import INVALID_PROPERTY, Fault, bad_input
from portal.api.replay import once
from portal.api.schemas import MpnProfileShape, SupportProfileBody, SupportProfileShape
from portal.api.wire import answer, body_of, link, member
from portal.errors import NotVisible
from portal.forms.profile import SupportProfileForm
from portal.models import Partner, SupportProfile
from portal.operations.profile import Version, change_support_profile_here
from portal.permissions import Permission, require

router = Router(tags=["Profiles"])
router.add_router("", relationships.router)

#: Microsoft's members. Languages, hours and the urgent telephone are ours and are left as they are.
MEMBERS = ("email", "telephone", "website")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SupportProfileBody.model_json_schema()}},
    }
}


@router.get(
    "profiles/support", summary=gettext_noop("Get the support profile"), response={200: SupportProfileShape}
)
@endpoint(Permission.ORGANISATION_VIEW)
def get_support_profile(request: HttpRequest) -> HttpResponse:
    return answer(_support_profile(_partner(request).profile))


@router.get(
    "profiles/supportprofile",
    summary=gettext_noop("Get the support profile, at the address its change is documented at"),
    response={200: SupportProfileShape},
)
@endpoint(Permission.ORGANISATION_VIEW)
def get_support_profile_too(request: HttpRequest) -> HttpResponse:
    return answer(_support_profile(_partner(request).profile))


@router.put(
    "profiles/support",
    summary=gettext_noop("Update the support profile"),
    response={200: SupportProfileShape},
    openapi_extra=_BODY,
)
@endpoint(Permission.PROFILE_EDIT, needs_row=True)
def put_support_profile(request: HttpRequest) -> HttpResponse:
    return _put(request)


@router.put(
    "profiles/supportprofile",
    summary=gettext_noop("Update the support profile, as documented"),
    response={200: SupportProfileShape},
    openapi_extra=_BODY,
)
@endpoint(Permission.PROFILE_EDIT, needs_row=True)
def put_support_profile_too(request: HttpRequest) -> HttpResponse:
    return _put(request)


@router.get(
    "profiles/mpn",
    summary=gettext_noop("Get a partner by its PartnerID"),
    response={200: MpnProfileShape},
    openapi_extra={
        "parameters": [
            {
                "name": "mpnId",
                "in": "query",
                "required": False,
                "description": gettext_noop("A PartnerID, formerly MPN ID. Without one, the caller's own."),
                "schema": {"type": "string", "pattern": "^[0-9]*$"},
            }
        ]
    },
)
@endpoint(Permission.ORGANISATION_VIEW)
def get_mpn_profile(request: HttpRequest) -> HttpResponse:
    """Another's only where it is or was related to us, name and number alone: nobody is enumerated here."""
    wanted = request.GET.get("mpnId", "").strip()
    own = _partner(request)
    if not wanted or wanted == own.partner_id:
        return answer(_mpn_profile(own.partner_id, own.name))
    if not (wanted.isascii() and wanted.isdigit()):
        raise bad_input(_("mpnId has digits only."), "mpnId")
    rows = Partner.objects.visible_to(request.actor).filter(partner_id=wanted)  # type: ignore[attr-defined]
    found = rows.values_list("partner_id", "organisation__name").first()
    if found is None:
        # Microsoft's own sample of an unknown PartnerID has this number, with 404.
        raise Fault(
            HTTPStatus.NOT_FOUND, INVALID_PROPERTY, _("No partner has this PartnerID."), "partner_unknown"
        )
    # Names of partners are read with the customers, as on the pages; a billing admin has neither.
    require(request.actor, Permission.CUSTOMER_VIEW)  # type: ignore[attr-defined]
    return answer(_mpn_profile(*found))


def _put(request: HttpRequest) -> HttpResponse:
    """Write what differs; a PUT of what a GET returned writes nothing. There is no etag: the last write wins."""
    partner = _partner(request)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.PROFILE_EDIT)
    said = _said(body_of(request))

    def effect() -> dict[str, Any]:
        values = _valid(said, _stored(actor))
        change_support_profile_here(partner, values=values, version=Version.WHATEVER, acting=actor)
        return _support_profile(_stored(actor))

    return once(request, effect)


def _said(body: dict[str, Any]) -> dict[str, str]:
    """Microsoft's members of a body. Null is what clients write for nothing said, as they leave it out otherwise."""
    said = {name: member(body, name) for name in MEMBERS}
    wrong = {
        name: [_("%(name)s is a text.") % {"name": name}] for name in MEMBERS if not _is_text(said[name])
    }
    if wrong:
        raise ValidationError(wrong)
    found = {name: value for name, value in said.items() if value is not None}
    if not found:
        raise ValidationError({name: [_("Say an email, a telephone or a website.")] for name in MEMBERS})
    return found


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _valid(said: dict[str, str], stored: SupportProfile) -> dict[str, str]:
    """The members that differ, as the portal's own form reads them. What is stored already is not judged again."""
    new = {name: value for name, value in said.items() if value != getattr(stored, name)}
    form = SupportProfileForm(new, partner=stored.partner)
    wrong = {name: list(messages) for name, messages in form.errors.items() if name in new}
    if wrong:
        raise ValidationError(wrong)
    return {name: form.cleaned_data[name] for name in new}


def _partner(request: HttpRequest) -> Partner:
    """The caller's own partner. Credentials belong to partners alone; nobody else has these profiles."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.organisation.is_partner:
        raise NotVisible
    return actor.organisation.partner


def _stored(actor: Actor) -> SupportProfile:
    """The caller's profile as it is at this moment; an empty one where there is none."""
    rows = Partner.objects.visible_to(actor).select_related("organisation", "support_profile")
    partner: Partner = rows.get(pk=actor.organisation.pk)
    return partner.profile


def _support_profile(profile: SupportProfile) -> dict[str, Any]:
    """A telephone that cannot be dialled is kept as it was typed, and flagged, as on the pages."""
    telephone = profile.call
    return {
        "email": profile.email,
        "telephone": profile.telephone,
        "website": profile.website,
        "portalTelephoneIsDialable": False if telephone and not telephone.is_dialable else None,
        "profileType": "support_profile",
        "links": {"self": link("/profiles/support")},
        "attributes": {"objectType": "PartnerSupportProfile"},
    }


def _mpn_profile(partner_id: str, name: str) -> dict[str, Any]:
    uri = f"/profiles/mpn?mpnId={partner_id}" if partner_id else "/profiles/mpn"
    return {
        "mpnId": partner_id,
        "partnerName": name,
        "profileType": "MpnProfile",
        "links": {"self": link(uri)},
        "attributes": {"objectType": "MpnProfile"},
    }
