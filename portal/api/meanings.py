"""The table of faults, for the documentation: status, Microsoft's number, what it means, and our reasons."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.api import faults


@dataclass(frozen=True, slots=True)
class Meaning:
    """One line of the table. Where a parameter is wrong, its name stands among the reasons as well."""

    status: int
    code: int | None
    text: str | Promise
    reasons: tuple[str, ...] = ()
    names_members: bool = False


#: Why a reseller may not be chosen (DESIGN R4).
NOT_ELIGIBLE = (
    *("reseller_suspended", "relationship_missing", "relationship_requested", "relationship_declined"),
    *("relationship_lapsed", "relationship_ended", "delegated_admin_missing", "delegated_admin_requested"),
    *(
        "delegated_admin_declined",
        "delegated_admin_lapsed",
        "delegated_admin_expired",
        "delegated_admin_ended",
    ),
)
MEANINGS = (
    Meaning(400, faults.SUBSCRIPTION_DELETED, _("The subscription has ended."), ("subscription_ended",)),
    Meaning(
        400,
        faults.STALE_ETAG,
        _("If-Match names a version that is no longer the latest. Read it again."),
        ("conflict",),
    ),
    Meaning(
        400,
        faults.INVALID_PROPERTY,
        _("A member has a value it cannot have."),
        ("invalid_property",),
        names_members=True,
    ),
    Meaning(
        400,
        faults.INVALID_INPUT,
        _("The body cannot be read."),
        (
            *("not_json", "not_an_object", "too_large", "too_deep", "bad_character", "number_too_large"),
            *("items_missing", "too_many_items", "item_not_an_object"),
        ),
    ),
    Meaning(
        400,
        faults.INVALID_INPUT,
        _("A parameter of the address is not right."),
        ("size", "continuation_token", "filter_unreadable", "at_in_future"),
        names_members=True,
    ),
    Meaning(
        400,
        faults.INVALID_INPUT,
        _("The body names no partner, or two different ones."),
        ("partner_missing", "partner_mismatch"),
    ),
    Meaning(
        400,
        faults.INVALID_INPUT,
        _("The request cannot be taken as it is."),
        ("https_required", "unreadable", "refused"),
    ),
    Meaning(400, faults.NOT_A_RESELLER, _("This partner cannot be the support contact now."), NOT_ELIGIBLE),
    Meaning(
        400,
        faults.NOT_SUPPORTED,
        _("There is no such thing here: new commerce has no designated support contact."),
        ("new_commerce_not_supported", "seek"),
    ),
    Meaning(401, faults.NO_TOKEN, _("No bearer was sent."), ("token_missing",)),
    Meaning(401, faults.ACCESS_DENIED, _("The bearer is unknown, expired or revoked."), ("token_invalid",)),
    Meaning(
        403,
        faults.ROLE_LACKS_RIGHTS,
        _("The role of the integration lacks the rights; the description names the roles that may."),
        ("role_lacks_rights",),
    ),
    Meaning(
        404,
        faults.NOT_FOUND,
        _("There is nothing at this address, or it is not yours to see."),
        ("not_found", "not_recorded_here", "new_commerce_not_supported"),
    ),
    Meaning(404, faults.CUSTOMER_NOT_FOUND, _("You have no customer with this ID."), ("not_found",)),
    Meaning(404, faults.SUBSCRIPTION_NOT_FOUND, _("There is no such subscription."), ("not_found",)),
    Meaning(404, faults.INVALID_PROPERTY, _("No partner has this PartnerID."), ("partner_unknown",)),
    Meaning(
        405,
        faults.INVALID_INPUT,
        _("The address does not know this method; Allow names those it knows."),
        ("method_not_allowed",),
    ),
    Meaning(
        409,
        faults.OPERATION_PENDING,
        _("Somebody is changing the same thing at this moment. Try again."),
        ("busy",),
    ),
    Meaning(
        429, None, _("Too many calls of your organisation in one minute. Retry-After says how long to wait.")
    ),
    Meaning(
        500, faults.UNEXPECTED, _("Something went wrong on our side, and was written down."), ("unexpected",)
    ),
    Meaning(
        503,
        faults.UNEXPECTED,
        _("The portal cannot reach its database just now. Retry-After says how long to wait."),
        ("unavailable",),
    ),
)
