"""For whom a partner may ask a customer for something: for itself, or for one of its established resellers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from portal.actor import Actor
from portal.models import Partner, ResellerRelationship
from portal.names import fold
from support_contacts.filters import LONGEST_MENU
from support_contacts.nearby import LISTED_AT_MOST, answers


@dataclass(frozen=True, slots=True)
class ForWhom:
    """The partner itself, and its resellers by name: all of them where a menu has room for them, otherwise those that
    answer a search, and as many as a page has room for."""

    own: Partner
    established: QuerySet[ResellerRelationship]
    resellers: Sequence[Partner]
    is_menu: bool = True
    find: str = ""
    #: More answer the search than are listed.
    is_part: bool = False

    @property
    def menu(self) -> list[Partner]:
        return [self.own, *self.resellers]

    def offers(self, partner: Partner) -> bool:
        """It may be asked for this one: asked where it is not among those that are listed."""
        return partner in self.menu or (
            not self.is_menu and self.established.filter(reseller=partner).exists()
        )


def for_whom(actor: Actor, *, now: datetime, find: str = "") -> ForWhom:
    """Two queries: how many they are, and who; of too many for a menu one, unless somebody is looked for."""
    own = actor.organisation.partner
    rows: Any = ResellerRelationship.objects.visible_to(actor).established(now)
    rows = rows.filter(provider=own, reseller__is_indirect_reseller=True)
    by_name = rows.select_related("reseller__organisation").order_by(
        "reseller__organisation__sort_name", "reseller_id"
    )
    if rows[: LONGEST_MENU + 1].count() <= LONGEST_MENU:
        return ForWhom(own, rows, [row.reseller for row in by_name])
    found = list(by_name.filter(answers(find))[: LISTED_AT_MOST + 1]) if fold(find) else []
    listed = [row.reseller for row in found[:LISTED_AT_MOST]]
    return ForWhom(own, rows, listed, is_menu=False, find=find, is_part=len(found) > LISTED_AT_MOST)
