"""Whose data: every model answers `visible_to(actor)`, and nothing else decides visibility (R11)."""

from typing import TYPE_CHECKING, Generic, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from portal.actor import Actor

Row = TypeVar("Row", bound=models.Model)


class TenantQuerySet(models.QuerySet[Row], Generic[Row]):
    """A QuerySet that knows who is asking. What an actor may not see does not exist: not 403, 404."""

    def visible_to(self, actor: "Actor") -> Self:
        raise NotImplementedError(f"{type(self).__name__} must say what an organisation may see.")
