"""Chance that is the same for the same seed: ids, sizes as in life, instants."""

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

DAY = 86_400
_LOW = (1 << 62) - 1


class Chance(random.Random):
    """Everything random of one run. `today` is the midnight (UTC) that days are counted from."""

    def __init__(self, seed: int, today: int) -> None:
        super().__init__(seed)
        self.today = today

    def id_at(self, seconds: int) -> str:
        """A UUIDv7 of that second, without dashes. Greater than those of earlier seconds."""
        bits = self.getrandbits(74)
        milliseconds = seconds * 1000 + (bits & 0x3FF) % 1000
        return f"{milliseconds:012x}7{bits >> 62:03x}{1 << 63 | bits & _LOW:016x}"

    def on(self, day: int) -> int:
        """A second in the working hours of that day, counted from today."""
        return self.today + day * DAY + 25_200 + int(self.random() * 32_400)

    def happens(self, share: float) -> bool:
        return self.random() < share

    def day(self, first: int, last: int) -> int:
        """A day between these, both included; the first where there is none between."""
        return first + int(self.random() * (last - first + 1)) if last > first else first


class Ranked(Generic[Thing]):
    """Things of which the first are chosen far more often than the last, as Zipf found."""

    def __init__(self, things: Sequence[Thing], steepness: float = 1.0) -> None:
        self.things = things
        self._weights = list(accumulate(1 / rank**steepness for rank in range(1, len(things) + 1)))

    def one(self, chance: Chance) -> Thing:
        return chance.choices(self.things, cum_weights=self._weights)[0]


def shares(total: int, count: int) -> list[int]:
    """A total divided among so many: the first has half, the others as Zipf found, nobody less than one."""
    if count == 1:
        return [total]
    first = max(1, total // 2)
    weights = [1 / rank for rank in range(1, count)]
    rest = total - first
    found = [max(1, round(rest * weight / sum(weights))) for weight in weights]
    found[0] = max(1, found[0] + rest - sum(found))
    return [first, *found]


#: subscriptions of one customer, and how often
_SIZES = ((1, 34), (2, 26), (3, 17), (4, 9), (5, 6), (8, 5), (12, 2), (30, 1))


def subscriptions_of(customers: int, chance: Chance) -> list[int]:
    """How many subscriptions each customer has: three on average, most have one or two, a few a great many."""
    sizes = chance.choices([size for size, _ in _SIZES], [often for _, often in _SIZES], k=customers)
    if customers:
        sizes[0] = max(sizes[0], min(200, customers // 20))
    missing = 3 * customers - sum(sizes)
    while missing:
        place = chance.randrange(customers)
        if missing > 0 or sizes[place] > 1:
            sizes[place] += 1 if missing > 0 else -1
            missing += -1 if missing > 0 else 1
    return sizes
