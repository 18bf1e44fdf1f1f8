"""Resellers and providers as Microsoft's PartnerRelationship (§2.4).

A provider asks *is indirect cloud solution provider of* and reads its resellers; a reseller asks *is indirect reseller
of* and reads its providers (§8.12). The enumerated value is always written in snake case (§9.1.5); `state` is "Active".
"""

import uuid
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, F, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Router

from portal.api.endpoint import endpoint
from portal.api.faults import Fault
from portal.api.pages import PARAMETERS, VALUE, Writer, filter_parameter, page_in
from portal.api.schemas import Relationships
from portal.api.wire import Filter, answer, filter_of
from portal.keyset import Order
from portal.models import ResellerRelationship
from portal.names import fold, sort_name
from portal.permissions import Permission

router = Router(tags=["Partner relationships"])

OF_RESELLERS = "is_indirect_cloud_solution_provider_of"
OF_PROVIDERS = "is_indirect_reseller_of"
#: Microsoft's number for "unable to parse enum {0}".
UNKNOWN_ENUM = 900126
BY_NAME = Order("partner_sort_name")
_TYPES = {name.replace("_", ""): name for name in (OF_RESELLERS, OF_PROVIDERS)}
_NAME_OPERATORS = {
    "startswith": ("startswith", sort_name),
    "substring": ("contains", fold),
    "contains": ("contains", fold),
    "equals": ("exact", sort_name),
}
_COLUMNS = tuple(
    f"{side}_{member}"
    for side in ("reseller", "provider")
    for member in ("id", "_organisation__name", "_partner_id", "_organisation__country")
)
_QUERY = [
    {
        "name": "relationship_type",
        "in": "query",
        "required": False,
        "description": gettext_noop(
            "In either spelling and any case. Without it, the relationships of both kinds."
        ),
        "schema": {
            "type": "string",
            "enum": [
                *("IsIndirectCloudSolutionProviderOf", "IsIndirectResellerOf"),
                *(OF_RESELLERS, OF_PROVIDERS, ""),
            ],
        },
    },
    filter_parameter(
        gettext_noop("A condition on the name, as JSON."),
        {
            "Field": {"const": "Name"},
            "Operator": {"enum": ["substring", "starts_with", "contains", "equals"]},
            "Value": VALUE,
        },
        example={"Field": "Name", "Value": "nor", "Operator": "substring"},
    ),
]


@router.get(
    "relationships",
    summary=gettext_noop("Get the resellers of a provider, or the providers of a reseller"),
    response={200: Relationships},
    openapi_extra={"parameters": [*_QUERY, *PARAMETERS]},
)
@endpoint(Permission.CUSTOMER_VIEW)
def list_relationships(request: HttpRequest) -> HttpResponse:
    """Without a type the caller's kind decides: a provider has resellers, a reseller providers, a dual role both."""
    actor = request.actor  # type: ignore[attr-defined]
    me = actor.organisation.pk
    rows: QuerySet[ResellerRelationship] = ResellerRelationship.objects.visible_to(actor).established(
        timezone.now()
    )
    wanted = _type_in(request.GET.get("relationship_type", ""))
    if wanted:
        rows = rows.filter(provider_id=me) if wanted == OF_RESELLERS else rows.filter(reseller_id=me)
    rows = with_partners(rows, me)
    named = filter_of(request)
    if named is not None:
        rows = _named(rows, named)
    return answer(page_in(request, rows, BY_NAME, path="/relationships", write=writer_for(me, in_full=True)))


def with_partners(rows: QuerySet[ResellerRelationship], me: uuid.UUID) -> QuerySet[Any]:
    """Relationships with what is written of the other partner, to be listed by its name."""
    other = Case(
        When(provider_id=me, then=F("reseller__organisation__sort_name")),
        default=F("provider__organisation__sort_name"),
    )
    return rows.annotate(partner_sort_name=other).values_list(
        "pk", "partner_sort_name", *_COLUMNS, named=True
    )


def writer_for(me: uuid.UUID, *, in_full: bool) -> Writer:
    """Writes the other partner of a relationship of ours; a customer's list has neither state nor location."""

    def write(row: Any) -> dict[str, Any]:
        resells = row[6] == me
        pk, name, partner_id, country = row[2:6] if resells else row[6:10]
        item = {
            "id": str(pk),
            "name": name,
            "relationshipType": OF_RESELLERS if resells else OF_PROVIDERS,
        }
        if in_full:
            item["state"] = "Active"
        item["mpnId"] = partner_id
        if in_full and country:
            item["location"] = country
        return item | {"attributes": {"objectType": "PartnerRelationship"}}

    return write


def _type_in(text: str) -> str:
    folded = text.strip().replace("_", "").casefold()
    if folded and folded not in _TYPES:
        raise Fault(
            HTTPStatus.BAD_REQUEST,
            UNKNOWN_ENUM,
            _("relationship_type is IsIndirectCloudSolutionProviderOf or IsIndirectResellerOf."),
            "relationship_type",
        )
    return _TYPES.get(folded, "")


def _named(rows: QuerySet[Any], wanted: Filter) -> QuerySet[Any]:
    """The .NET SDK filters names by substring, Microsoft's swagger by StartsWith (§1.7): both, folded."""
    if wanted.field != "name":
        raise ValidationError({"field": _("Relationships are filtered by Name.")})
    if wanted.operator not in _NAME_OPERATORS:
        raise ValidationError({"operator": _("Names are filtered by starts_with, substring or equals.")})
    if not fold(wanted.value):
        return rows
    lookup, folded = _NAME_OPERATORS[wanted.operator]
    return rows.filter(**{f"partner_sort_name__{lookup}": folded(wanted.value)})
