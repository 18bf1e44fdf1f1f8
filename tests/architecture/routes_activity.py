"""Routes of the activity log: everybody's own, for those who look after the organisation."""

from tests.architecture.entry import ALL, EDIT, Entry

ACTIVITY: dict[str, Entry] = {
    "activity:list": Entry(ALL, EDIT, get=200),
    "activity:export": Entry(ALL, EDIT, get=200),
}
