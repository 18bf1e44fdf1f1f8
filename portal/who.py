"""Who did it, in the words of a reader of the same organisation: a colleague's name, or which integration."""

import uuid
from collections.abc import Iterable, Mapping

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
    erased = _("an erased person") if people else ""
    names = dict.fromkeys(people, erased)
    if people:
        names |= User.objects.filter(pk__in=people).values_list("pk", "name")
    if integrations:
        rows = Credential.objects.filter(pk__in=integrations, organisation=organisation_id)
        words = _("integration %(name)s")
        names |= {pk: words % {"name": name} for pk, name in rows.values_list("pk", "name")}
    return names


def who_of(event: AuditEvent, names: Mapping[uuid.UUID, str], organisation_id: uuid.UUID) -> str:
    """Who acted, as a reader of this organisation reads it; of another organisation's people only its name.

    Empty where nobody is named: the portal itself, an operator, or a person whose name is kept no longer.
    """
    if event.actor_id is None:
        return ""
    if event.actor_organisation_id != organisation_id:
        return event.actor_organisation_name
    return names.get(event.actor_id, "")
