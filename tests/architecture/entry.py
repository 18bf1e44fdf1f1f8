"""What the table of routes says of one route, and what follows from it for one call."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.architecture import relations
from tests.architecture.canaries import CIRCLES
from tests.architecture.cast import ORGANISATIONS, Person
from tests.architecture.relations import Target
from tests.architecture.world import World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ALL = frozenset(ORGANISATIONS)
VIEW, ASSIGN, MANAGE = (frozenset(CIRCLES[name]) for name in ("agents", "assigners", "managers"))
EDIT = frozenset({"global_admin", "admin_agent"})
READ = frozenset(CIRCLES["readers"])
REQUEST = frozenset({"global_admin", "admin_agent", "sales_agent"})
TOP = frozenset({"global_admin"})

Status = int | Callable[[Person, Target], int]
Fields = Callable[[World, Person, Target], dict[str, object]]


@dataclass(frozen=True)
class Entry:
    """`serves` None: everybody, signed in or not. `roles` None: every role. `get`, `post`: the status of success."""

    serves: frozenset[str] | None
    roles: frozenset[str] | None = None
    targets: Callable[[World, Person], list[Target]] = relations.nothing
    get: Status | None = None
    post: Status | None = None
    fields: Fields = lambda world, person, target: {}
    #: The table a POST writes to where it works on one's own; no refusal does.
    writes: str = ""
    #: Whether the status of success stands for every relation: the view knows more than visible or not.
    answers_itself: bool = False

    @property
    def methods(self) -> set[str]:
        both = {"GET": self.get, "HEAD": self.get, "POST": self.post}
        return {method for method, status in both.items() if status is not None}

    def status(self, person: Person, target: Target, method: str) -> int:
        """What this person gets for this target by this method."""
        if method not in self.methods:
            return 405
        success = self.post if method == "POST" else self.get
        if self.serves is not None and not self.answers_itself:
            if not person.is_signed_in:
                return 302
            if person.organisation not in self.serves or not target.is_there(method):
                return 404
            if self.roles is not None and person.role not in self.roles:
                return 403
        elif not target.is_there(method) and not self.answers_itself:
            return 404
        return success(person, target) if callable(success) else success  # type: ignore[return-value]

    def is_allowed(self, person: Person, target: Target, method: str) -> bool:
        return self.status(person, target, method) not in (403, 404, 405) and (
            self.serves is None or person.is_signed_in
        )


def organisation(world: World, person: Person) -> dict[str, object]:
    """What every form of ours carries: the organisation it was opened for."""
    return {"organisation": world.organisations[person.organisation].pk} if person.organisation else {}


def carrying(**values: object) -> Fields:
    """The organisation, what the target names, and these."""

    def fields(world: World, person: Person, target: Target) -> dict[str, object]:
        return {**organisation(world, person), **values, **target.fields}

    return fields


def by_subject(otherwise: int | None = None, **statuses: int) -> Status:
    """The status of success by what the target is; `otherwise` for every other."""

    def status(person: Person, target: Target) -> int:
        found = statuses.get(str(target.subject), otherwise)
        assert found is not None, f"{target} by {person}"
        return found

    return status
