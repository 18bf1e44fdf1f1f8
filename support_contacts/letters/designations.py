"""Who is told of a support contact that was made or ended."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from portal.mail.letter import Letter, Telling
from portal.mail.recipients import people
from portal.mail.telling import siblings, tells, tells_batch
from portal.models import Action, AuditEvent, MailKind
from portal.permissions import Role
from support_contacts.letters.change import AGENTS, READERS, Change, changes_of
from support_contacts.letters.to_customer import to_customer
from support_contacts.letters.to_partners import to_new_partner, to_old_partner
from support_contacts.letters.to_provider import to_provider

_CHANGES = (Action.DESIGNATION_MADE, Action.DESIGNATION_ENDED)
Groups = Mapping[uuid.UUID, Sequence[Change]]


@tells(*_CHANGES)
def changed(event: AuditEvent) -> Iterator[Telling]:
    """A choice, with the add-ons that went along: one mail a person, told by the first event of the act."""
    events = [row for row in siblings(event) if row.action in _CHANGES]
    if not events or events[0].pk == event.pk:
        yield from changed_many(events or [event])


@tells_batch(*_CHANGES)
def changed_many(events: list[AuditEvent]) -> Iterator[Telling]:
    """Whoever the subscriptions came to, whoever they left, the customers that call somebody else from now on."""
    changes = changes_of(events)
    yield from by_organisation(came_to(changes), AGENTS, to_new_partner)
    yield from by_organisation(left(changes), AGENTS, to_old_partner)
    yield from by_organisation(at_customers(changes), READERS, to_customer)
    yield from by_organisation(at_providers(changes), AGENTS, to_provider)


def came_to(changes: Iterable[Change]) -> Groups:
    return _grouped(
        (partner[0], change) for change in changes if (partner := change.partner("after", "designated"))
    )


def left(changes: Iterable[Change]) -> Groups:
    return _grouped(
        (partner[0], change)
        for change in changes
        if (partner := change.partner("before", "designated"))
        and partner != change.partner("after", "designated")
    )


def at_customers(changes: Iterable[Change]) -> Groups:
    """Where the customer calls somebody else from now on; a choice that held no longer changes nothing for it."""
    return _grouped(
        (change.subscription.customer_id, change)
        for change in changes
        if change.partner("before", "contact") != change.partner("after", "contact")
    )


def at_providers(changes: Iterable[Change]) -> Groups:
    return _grouped((change.subscription.provider_id, change) for change in changes)


def _grouped(pairs: Iterable[tuple[uuid.UUID, Change]]) -> Groups:
    groups: dict[uuid.UUID, list[Change]] = defaultdict(list)
    for organisation_id, change in pairs:
        if change.event.actor_organisation_id != organisation_id or change.event.actor_kind == "system":
            groups[organisation_id].append(change)
    return groups


def by_organisation(
    groups: Groups, roles: Sequence[Role], write: Callable[[Sequence[Change]], Letter]
) -> Iterator[Telling]:
    kind = MailKind.DESIGNATION
    for organisation_id, changes in groups.items():
        readers = people(organisation_id, *roles, kind=kind, but=changes[0].event.actor_id)
        yield Telling(kind, readers, lambda reader, changes=changes: write(changes))  # type: ignore[misc]
