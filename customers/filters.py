"""Which customers a client of the API asks for, and the rows that answer it."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerRelationship, CustomerWord, DelegatedAdmin
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.models import ResellerRelationship
from portal.names import MAX_WORD_LENGTH, fold, query_words, sort_name

#: Microsoft knows the first alone, for every field; the others are ours.
STARTS_WITH, EQUALS = "startswith", "equals"
CONTAINS = ("substring", "contains")


def own_customers(actor: Actor, now: datetime) -> QuerySet[CustomerRelationship]:
    """The actor's own established relationships: its customers, each as the actor itself knows it."""
    return CustomerRelationship.objects.established(now).filter(partner_id=actor.organisation.pk)


def related_at(customer_id: uuid.UUID, actor: Actor, now: datetime) -> QuerySet[ResellerRelationship]:
    """The actor's resellers and providers that have an established relationship with this customer as well.

    A provider reads its resellers there; a reseller its providers, as in Microsoft's "Get the indirect resellers of a
    customer", and of those only whom it has to do with there. Whoever asks has been found to have a relationship with
    the customer itself.
    """
    there = CustomerRelationship.objects.established(now).filter(customer_id=customer_id)
    me = actor.organisation.pk
    related: QuerySet[ResellerRelationship] = ResellerRelationship.objects.visible_to(actor).established(now)
    return related.filter(
        Q(Exists(there.filter(partner=OuterRef("reseller"))), provider_id=me)
        | Q(Exists(there.filter(partner=OuterRef("provider"))), reseller_id=me)
        & _has_to_do_with(OuterRef("provider"), reseller=me, customer=customer_id)
    )


def _has_to_do_with(
    provider: uuid.UUID | OuterRef, *, reseller: uuid.UUID, customer: uuid.UUID | OuterRef
) -> Q:
    """What makes it a reseller's to know that this provider has the customer as well (R12; DESIGN §6).

    The provider chose it for a subscription there, or asked the customer for what the reseller has there.
    """
    chosen = Customer.objects.filter(
        pk=customer,
        subscriptions__provider=provider,
        subscriptions__designations__partner=reseller,
        subscriptions__designations__ended_at=None,
    )
    asked = {"requested_for": provider, "ended_at": None}
    related = CustomerRelationship.objects.filter(customer=customer, partner=reseller, **asked)
    granted = DelegatedAdmin.objects.of(reseller, customer).filter(**asked)
    return Q(Exists(chosen)) | Q(Exists(related)) | Q(Exists(granted))


def answering(
    rows: QuerySet[CustomerRelationship],
    *,
    field: str,
    operator: str,
    value: str,
    actor: Actor,
    now: datetime,
) -> QuerySet[CustomerRelationship]:
    """These rows, narrowed by Microsoft's search fields. `field` and `operator` are folded; otherwise ValidationError.

    CustomerSearchField has CompanyName, Domain, IndirectReseller and IndirectCloudSolutionProvider, and only
    starts_with, even for a GUID ("Get a list of customers filtered by a search field").
    """
    if operator not in (STARTS_WITH, EQUALS, *CONTAINS):
        raise ValidationError({"operator": _("Customers are filtered by starts_with, equals or contains.")})
    if field == "companyname":
        return _named(rows, operator, value, actor.organisation.pk)
    if field == "domain":
        return _at(rows, operator, value, actor.organisation.pk)
    if field in ("indirectreseller", "indirectcloudsolutionprovider"):
        if operator in CONTAINS:
            raise ValidationError({"operator": _("A tenant ID is compared as a whole.")})
        partner_id = canonical_guid(value)
        if partner_id is None:
            raise ValidationError({"value": _("A tenant ID is a GUID.")})
        return _of_partner(rows, partner_id, actor, now, is_reseller=field == "indirectreseller")
    raise ValidationError(
        {
            "field": _(
                "Customers are filtered by CompanyName, Domain, IndirectReseller or IndirectCloudSolutionProvider."
            )
        }
    )


def _named(
    rows: QuerySet[CustomerRelationship], operator: str, value: str, partner_id: uuid.UUID
) -> QuerySet[CustomerRelationship]:
    """By company name, never by alias. The index of words finds the few rows that are then compared as a whole.

    Names are compared folded; a row with an alias is sorted by that, so its company name is compared as it stands.
    """
    if not fold(value):
        return rows if operator == STARTS_WITH else rows.none()
    wanted = query_words(value)
    if not wanted:
        return rows.none()
    if operator in CONTAINS:
        return _containing(rows, wanted)
    found = CustomerRelationship.objects.matching(partner_id, wanted)
    rows = rows.filter(pk__in=found.values("pk"))
    folded, typed = sort_name(value), value.strip()
    if operator == EQUALS:
        return rows.filter(Q(alias="", sort_name=folded) | ~Q(alias="") & Q(company_name__iexact=typed))
    return rows.filter(
        Q(alias="", sort_name__startswith=folded) | ~Q(alias="") & Q(company_name__istartswith=typed)
    )


def _containing(
    rows: QuerySet[CustomerRelationship], wanted: Sequence[str]
) -> QuerySet[CustomerRelationship]:
    """Every one of these words stands somewhere in the company name, also inside a word of it.

    No index of ours finds the middle of a word (the database we bring has no trigrams): a page is read off the
    actor's own customers, in their order, until it is full. What that costs is bounded by how many customers one
    partner has, and measured in tests/bench.
    """
    for word in wanted:
        rows = rows.filter(
            Q(alias="", sort_name__contains=word) | ~Q(alias="") & Q(company_name__icontains=word)
        )
    return rows


def _at(
    rows: QuerySet[CustomerRelationship], operator: str, value: str, partner_id: uuid.UUID
) -> QuerySet[CustomerRelationship]:
    """By primary or other domain. The index of words finds the few rows whose domains are then compared; a part of a
    domain is looked for in all of the actor's own, as a part of a name is."""
    wanted = value.strip().lower()
    if not wanted:
        return rows if operator == STARTS_WITH else rows.none()
    if any(character.isspace() for character in wanted):
        return rows.none()
    joined = Func(F("domains"), Value(" "), function="array_to_string", output_field=CharField())
    rows = rows.annotate(
        all_domains=Lower(
            Concat(Value(" "), "domain", Value(" "), joined, Value(" "), output_field=CharField())
        )
    )
    if operator in CONTAINS:
        return rows.filter(all_domains__contains=wanted)
    words = CustomerWord.objects.filter(
        partner_id=partner_id, word__startswith=fold(wanted)[:MAX_WORD_LENGTH]
    )
    whole = f" {wanted} " if operator == EQUALS else f" {wanted}"
    return rows.filter(pk__in=words.values("relationship_id"), all_domains__contains=whole)


def _of_partner(
    rows: QuerySet[CustomerRelationship],
    partner_id: uuid.UUID,
    actor: Actor,
    now: datetime,
    *,
    is_reseller: bool,
) -> QuerySet[CustomerRelationship]:
    """Customers that a reseller of the actor's has too, or that name it as reseller of record; or that a provider of
    the actor's has too and has to do with it there."""
    me = actor.organisation.pk
    if partner_id == me:
        return rows
    sides = (me, partner_id) if is_reseller else (partner_id, me)
    related = ResellerRelationship.objects.established(now).filter(provider_id=sides[0], reseller_id=sides[1])
    theirs = CustomerRelationship.objects.established(now).filter(Exists(related), partner_id=partner_id)
    found = Q(customer_id__in=theirs.values("customer_id"))
    if is_reseller:
        return rows.filter(found | Q(reseller_of_record_id=partner_id))
    return rows.filter(found & _has_to_do_with(partner_id, reseller=me, customer=OuterRef("customer")))
