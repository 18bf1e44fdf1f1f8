"""Dates of the demo, told as days from today: it is as fresh as the day it was written."""

import uuid
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Ids that stand in no table are made from names below this one, so that they are the same everywhere.
NAMESPACE = uuid.UUID("5f0a3c1e-7d42-4b89-9e16-c2d84f6b0a37")


def stable_id(*names: object) -> uuid.UUID:
    """Always the same invented id for the same names."""
    return uuid.uuid5(NAMESPACE, "/".join(str(name) for name in names))


class Clock:
    """Instants around now, on the wall clock of the demo's office in Paris."""

    zone = ZoneInfo("Europe/Paris")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today: date = now.astimezone(self.zone).date()

    def at(self, days: int, wall: str = "10:02") -> datetime:
        """That many days from today at this time of day."""
        return datetime.combine(self.today + timedelta(days=days), time.fromisoformat(wall), tzinfo=self.zone)

    def at_or_none(self, days: int | None, wall: str = "10:02") -> datetime | None:
        return None if days is None else self.at(days, wall)

    def next_holidays(self) -> list[date]:
        """The coming Christmas and New Year's Day."""
        christmas = date(self.today.year, 12, 25)
        if christmas < self.today:
            christmas = date(self.today.year + 1, 12, 25)
        return [christmas, date(christmas.year + 1, 1, 1)]
