"""How many times as fast one way is as another: both in turn, so that what else the machine does meets both."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

BLOCKS = 5
#: Of the calls of a block, sorted: what other programs do makes some calls slower, and none faster.
QUICK = 0.05
WARM_UP = 20


@dataclass(frozen=True)
class Ratio:
    """Of each block a quick call of ours and of the other, and their quotient: above 1, ours is the faster."""

    name: str
    blocks: tuple[tuple[float, float], ...]

    @property
    def all(self) -> list[float]:
        return sorted(other / ours for ours, other in self.blocks)

    @property
    def median(self) -> float:
        return median(self.all)

    def __str__(self) -> str:
        ours, other = (median(block[side] for block in self.blocks) * 1000 for side in (0, 1))
        spread = f"{self.all[0]:.3f} to {self.all[-1]:.3f} in {len(self.blocks)} blocks"
        return f"{self.name}: {self.median:.3f} ({spread}); {ours:.3f} ms against {other:.3f} ms"


def measure(
    name: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    *,
    calls: int,
    batch: int = 5,
    warm_up: int = WARM_UP,
) -> Ratio:
    """Blocks of `calls` of each, in short batches in turn; which one begins changes from batch to batch."""
    for _ in range(warm_up):
        ours(), other()
    blocks = []
    gc.collect()
    gc.disable()
    try:
        for _block in range(BLOCKS):
            taken: dict[Callable[[], object], list[float]] = {ours: [], other: []}
            for turn in range(calls // batch):
                for way in (ours, other) if turn % 2 else (other, ours):
                    for _ in range(batch):
                        begun = time.perf_counter()
                        way()
                        taken[way].append(time.perf_counter() - begun)
            gc.collect()
            blocks.append((_quick(taken[ours]), _quick(taken[other])))
    finally:
        gc.enable()
    return Ratio(name, tuple(blocks))


def _quick(times: list[float]) -> float:
    return sorted(times)[int(len(times) * QUICK)]
