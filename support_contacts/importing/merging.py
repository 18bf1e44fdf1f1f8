"""All files of one call as one: the last file to say something counts, disagreements are told member by member."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from support_contacts.importing import reading, shapes, tables
from support_contacts.importing.records import Record, records_of
from support_contacts.importing.report import Kind, Outcome, Refused, Report, Where, shown

Merged = dict[Kind, dict[tuple[object, ...], Record]]

#: Members of ours that no file states as such, so that nobody can disagree about them.
_DERIVED = {"is_new_commerce", "is_traditional"}
_KIND_OF = {
    shapes.Shape.CUSTOMER: Kind.CUSTOMER,
    shapes.Shape.SUBSCRIPTION: Kind.SUBSCRIPTION,
    shapes.Shape.RELATIONSHIP: Kind.RESELLER,
    shapes.Shape.SUPPORT_CONTACT: Kind.CONTACT,
    shapes.Shape.SUPPORT_PROFILE: Kind.PROFILE,
    shapes.Shape.GRAPH_GRANT: Kind.GRANT,
    shapes.Shape.CSV_GRANT: Kind.GRANT,
}


def read_all(files: Sequence[tuple[str, bytes]], customer: UUID | None, report: Report) -> Merged:
    """What all files say, in command-line order. A file or an item that cannot be read is a line; the rest goes on."""
    merged: Merged = {kind: {} for kind in Kind}
    for name, data in files:
        where = Where(shown(name, 200))
        try:
            for item in _items(data, where, report):
                _add(item, merged, customer, report)
        except reading.Unreadable as error:
            report.refuse(where, str(error))
    return merged


def _items(data: bytes, where: Where, report: Report) -> Iterable[reading.Item]:
    text = reading.text_of(data, where, report)
    if not text.strip():
        raise reading.Unreadable("is empty")
    if text.lstrip()[0] not in "{[":
        if not tables.is_table(text):
            raise reading.Unreadable("is neither a JSON body nor a table of delegated admin")
        yield from tables.rows(text, where, report)
        return
    for found in shapes.items_of(reading.parse(text, where, report), where):
        if isinstance(found, reading.Item):
            yield found
        else:
            report.refuse(*found)


def _add(item: reading.Item, merged: Merged, customer: UUID | None, report: Report) -> None:
    shape = shapes.Shape.CSV_GRANT if item.is_row else shapes.shape_of(item.body)
    if shape is None:
        report.refuse(item.where, shapes.not_read(item.body))
        return
    try:
        record = records_of(item, shape, customer, report)
    except Refused as refusal:
        report.refuse(item.where, refusal.reason, refusal.code)
        report.count(_KIND_OF[shape], Outcome.REPORTED)
        return
    known = merged[record.kind].get(record.key)
    if known is None:
        merged[record.kind][record.key] = record
    else:
        _merge(known, record, report)


def _merge(known: Record, newer: Record, report: Report) -> None:
    for name, value in newer.values.items():
        earlier = known.values.get(name, value)
        if earlier != value and name not in _DERIVED:
            report.note(
                newer.place(name),
                f'"{shown(value)}" disagrees with "{shown(earlier)}" in {known.place(name).file}'
                f" ({known.place(name).path}); the last one counts",
            )
        known.values[name] = value
        known.places[name] = newer.place(name)
    known.where = newer.where
