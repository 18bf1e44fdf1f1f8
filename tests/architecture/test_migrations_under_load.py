"""While one version is replaced by the next both use the same tables, so a migration first adds, and takes away later.

portal/deployment/README.md, "Migrations under load", says how each change is made in two steps.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

#: What no deployment ran without: made whole, on empty tables.
BEFORE = {"portal": 14, "customers": 3, "subscriptions": 1, "support_contacts": 6}
#: Tables that grow with the business: an index on them is built beside the traffic.
LARGE = {
    *("auditevent", "auditnote", "mail", "webhookdelivery", "webhooktry", "apianswer"),
    *("customer", "customerrelationship", "customerword", "delegatedadmin", "subscription", "designation"),
}
#: "app.name": the second step, or why it is one step all the same.
ALLOWED: dict[str, str] = {}


def unsafe(operations: list[Operation]) -> Iterator[str]:
    """What a version that still serves would trip over, or what would lock it out."""
    fresh: set[str] = set()
    for operation in operations:
        table = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
        if isinstance(operation, migrations.CreateModel):
            fresh.add(operation.name.lower())
        elif isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from unsafe(operation.database_operations)
        elif table in fresh:
            continue
        elif isinstance(operation, migrations.RemoveField | migrations.DeleteModel):
            yield f"{operation.describe()}: the version before still reads it"
        elif isinstance(
            operation, migrations.RenameField | migrations.RenameModel | migrations.AlterModelTable
        ):
            yield f"{operation.describe()}: the version before knows the old name"
        elif isinstance(operation, migrations.AddField):
            if _is_required(operation.field):
                yield f"{operation.describe()}: the version before writes no value; null=True or db_default"
        elif isinstance(operation, migrations.AlterField):
            if _is_required(operation.field):
                yield f"{operation.describe()}: the version before may write none; is every row filled by now?"
        elif type(operation) is migrations.AddIndex and table in LARGE:
            yield f"{operation.describe()}: nobody writes while it is built; AddIndexConcurrently"


def _is_required(field: models.Field) -> bool:
    return not (field.null or field.many_to_many or field.has_db_default())


def test_new_migrations_let_the_version_before_go_on() -> None:
    found = {}
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app not in BEFORE or int(name[:4]) <= BEFORE[app] or f"{app}.{name}" in ALLOWED:
            continue
        if wrong := list(unsafe(migration.operations)):
            found[f"{app}.{name}"] = wrong
    assert found == {}, "two steps, or a reason in ALLOWED"


TEXT = models.TextField()
INDEX = models.Index(fields=["at"], name="on_at")


@pytest.mark.parametrize(
    ("operation", "is_safe"),
    [
        (migrations.AddField("Organisation", "motto", TEXT), False),
        (migrations.AddField("Organisation", "motto", models.TextField(null=True)), True),
        (migrations.AddField("Organisation", "motto", models.TextField(db_default="")), True),
        (migrations.AlterField("Organisation", "name", TEXT), False),
        (migrations.AlterField("Organisation", "name", models.TextField(null=True)), True),
        (migrations.RemoveField("Organisation", "name"), False),
        (migrations.RenameField("Organisation", "name", "title"), False),
        (migrations.DeleteModel("Organisation"), False),
        (migrations.AddIndex("AuditEvent", INDEX), False),
        (migrations.AddIndex("Organisation", INDEX), True),
        (migrations.CreateModel("Fresh", [("id", models.AutoField(primary_key=True))]), True),
        (migrations.SeparateDatabaseAndState([migrations.DeleteModel("Organisation")]), False),
        (migrations.SeparateDatabaseAndState([], [migrations.DeleteModel("Organisation")]), True),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else str(value),
)
def test_what_is_unsafe_is_found(operation: Operation, is_safe: bool) -> None:
    assert (list(unsafe([operation])) == []) is is_safe


def test_table_that_is_made_in_the_same_migration_may_have_anything() -> None:
    made = migrations.CreateModel("AuditNote", [("id", models.AutoField(primary_key=True))])
    added = [migrations.AddField("AuditNote", "text", TEXT), migrations.AddIndex("AuditNote", INDEX)]
    assert list(unsafe([made, *added])) == []
    assert len(list(unsafe(added))) == 2


def test_tables_called_large_exist() -> None:
    there = {table.rpartition("_")[2] for table in connection.introspection.django_table_names()}
    assert there >= LARGE
