"""Who did it, in the words of a reader of the same organisation: a colleague's name, or which integration."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import gettext as _

from portal.actor import ActorKind
from portal.models import AuditEvent, Credential, User


def names_of(
    events: Iterable[AuditEvent], organisation_id: uuid.UUID, *, colleagues: Iterable[uuid.UUID] = ()
) -> dict[uuid.UUID, str]:
    """Names of this organisation's own people and integrations among the actors; others' are not ours to tell.

    `colleagues` are people of this organisation whom the events are about. Whoever was erased acted all the same
    (`portal.operations.erasure`).
    """
    people: set[uuid.UUID] = set(colleagues)
    integrations: set[uuid.UUID] = set()
    for event in events:
        if event.actor_id and event.actor_organisation_id == organisation_id:
            (integrations if event.actor_kind == ActorKind.INTEGRATION else people).add(event.actor_id)
    names = dict.fromkeys(people, _erased()) if people else {}
    if people:
        names |= User.objects.filter(pk__in=people).values_list("pk", "name")
    if integrations:
        rows = Credential.objects.filter(pk__in=integrations, organisation=organisation_id)
        names |= {pk: _integration(name) for pk, name in rows.values_list("pk", "name")}
    return names


def with_names(events: QuerySet[AuditEvent], organisation_id: uuid.UUID) -> QuerySet[AuditEvent]:
    """These events, each with the name of its actor where that is this organisation's own: no question after it."""
    people = User.objects.filter(pk=OuterRef("actor_id"))
    integrations = Credential.objects.filter(pk=OuterRef("actor_id"), organisation=organisation_id)
    own = Q(actor_organisation_id=organisation_id)
    return events.annotate(
        actor_name=Case(
            When(own & Q(actor_kind=ActorKind.INTEGRATION), then=Subquery(integrations.values("name"))),
            When(own, then=Subquery(people.values("name"))),
        )
    )


def names_read(events: Iterable[Any], organisation_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """What `names_of` says of events that were read `with_names`."""
    names: dict[uuid.UUID, str] = {}
    for event in events:
        if event.actor_id is None or event.actor_organisation_id != organisation_id:
            continue
        if event.actor_kind != ActorKind.INTEGRATION:
            names[event.actor_id] = _erased() if event.actor_name is None else event.actor_name
        elif event.actor_name is not None:
            names[event.actor_id] = _integration(event.actor_name)
    return names


def _erased() -> str:
    return _("an erased person")


def _integration(name: str) -> str:
    return _("integration %(name)s") % {"name": name}


def who_of(event: AuditEvent, names: Mapping[uuid.UUID, str], organisation_id: uuid.UUID) -> str:
    """Who acted, as a reader of this organisation reads it; of another organisation's people only its name.

    Empty where nobody is named: the portal itself, an operator, or a person whose name is kept no longer.
    """
    if event.actor_id is None:
        return ""
    if event.actor_organisation_id != organisation_id:
        return event.actor_organisation_name
    return names.get(event.actor_id, "")
