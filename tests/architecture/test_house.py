"""The rules that keep the house as it was planned: where questions are asked, where rights are, where files lie."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from portal.tenancy import TenantQuerySet

HOUSE = Path(__file__).resolve().parents[2]
APPS = ("portal", "customers", "subscriptions", "support_contacts")
TOP = {
    *("manage.py", "pyproject.toml", "README.md", "CHANGELOG.md", "Makefile"),
    *("requirements.txt", "requirements-dev.txt", "requirements-embedded.txt"),
    *(*APPS, "templates", "static", "tests"),
}
LONGEST = 320
#: Long, and one thing all the same.
MAY_BE_LONG = {
    "support_contacts/demo/organisations.py": "the cast of the demo: a table",
    "support_contacts/letters.py": "the letters, one short function each",
    "customers/models.py": "the models of customers, each with its constraints",
    "portal/operations/resellers.py": "the life of one relationship, step by step",
    "support_contacts/cards.py": "one card, part by part",
    "support_contacts/customer_page.py": "one page, part by part",
    "support_contacts/subscription_page.py": "one page, part by part",
    "support_contacts/views/subscriptions.py": "the page of the main job and its refusals",
}
#: Rooms where rows are asked for on behalf of somebody, so that everything starts with visible_to.
ASKING = ("views", "api", "tasks")
#: (file, model): why the question is safe without it.
ASKED_OTHERWISE = {
    ("portal/views/demo.py", "User"): "only the people of the demo, only in the demo",
    ("portal/views/demo.py", "Membership"): "only the people of the demo, only in the demo",
    (
        "support_contacts/views/subscriptions.py",
        "Partner",
    ): "telephones of those the organisation's own event names",
    (
        "support_contacts/views/duties.py",
        "CustomerRelationship",
    ): "what the designating provider calls the customer",
    (
        "support_contacts/views/customers.py",
        "CustomerRelationship",
    ): "the actor's own view alone, not its resellers'",
    ("support_contacts/views/whom_to_call.py", "CustomerRelationship"): "the actor's own view alone",
    (
        "support_contacts/views/requests.py",
        "CustomerRelationship",
    ): "what the actor's organisation asked for, also for a reseller that is its own no more",
    ("support_contacts/views/customer_ends.py", "Subscription"): "of a relationship found to be the actor's",
    (
        "support_contacts/views/customer_ends.py",
        "Membership",
    ): "whether a customer of ours has anybody at all",
    ("support_contacts/views/duties.py", "ResellerRelationship"): "of the reseller's own designations",
    ("support_contacts/tasks.py", "Partner"): "a job of the system, on its own behalf",
    ("portal/views/mail.py", "User"): "the signed address of a mail names its reader",
    ("portal/views/mail.py", "Mail"): "the letter box of the demo, only in the demo",
}
#: Where roles are compared: the table itself, and what is said of members, who have them as data.
ROLES_ARE_DATA = {
    "portal/permissions.py": "the table",
    "portal/operations/members.py": "the rules of giving and taking roles",
    "portal/views/members.py": "says beforehand what those rules refuse",
}
REFUSE_THEMSELVES = {
    "portal/permissions.py": "the one place",
    "support_contacts/operations/importing.py": "an operator's act: no role opens it, the machine does",
}
_A_ROLE = re.compile(
    r"Role\.[A-Z_]+(\.value)?|'(global_admin|admin_agent|helpdesk_agent|sales_agent|user_admin)'"
)
#: Operators are no role of an organisation: what they are stands in Django's own column.
OPERATORS = ("portal/operator_site.py", "portal/operations/operators.py")
_DJANGOS_OWN = ("has_perm", "has_perms", "is_superuser", "is_staff")
#: Models that belong to a row which is asked for with visible_to, and are reached through it alone.
PARTS = {
    "portal.AuditNote": "of an audit event",
    "portal.AuditSeal": "no organisation's",
    "portal.AuditUnsealed": "no organisation's",
    "portal.PartnerSuspension": "of a partner; only its effect is shown",
    "portal.SupportProfile": "of a partner",
    "portal.CredentialSecret": "of an integration",
    "portal.WebhookLook": "no organisation's",
    "portal.WebhookSecret": "of a webhook",
    "portal.WebhookTry": "of a delivery",
    "portal.User": "of a membership, or oneself",
    "portal.RateLimit": "no organisation's",
    "customers.CustomerWord": "of a customer relationship",
}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders or APPS:
        for path in sorted((HOUSE / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(HOUSE)), ast.parse(path.read_text())


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=HOUSE, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (HOUSE / name).is_file()]


def chains(tree: ast.Module) -> Iterator[tuple[str, list[str], int]]:
    """Every question asked of a manager: the model, the methods in their order, the line."""
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in inner or not isinstance(node, ast.Call):
            continue
        methods: list[str] = []
        step: ast.AST = node
        while True:
            if isinstance(step, ast.Call):
                inner.add(step)
                step = step.func
            elif isinstance(step, ast.Subscript):
                step = step.value
            elif (
                isinstance(step, ast.Attribute)
                and isinstance(step.value, ast.Name)
                and step.attr == "objects"
            ):
                yield step.value.id, methods[::-1], node.lineno
                break
            elif isinstance(step, ast.Attribute):
                methods.append(step.attr)
                step = step.value
            else:
                break


def asked_in(name: str) -> bool:
    parts = Path(name).with_suffix("").parts
    return any(part in ASKING for part in parts[1:])


def test_everything_asked_for_somebody_starts_with_what_they_may_see() -> None:
    wrong = []
    for name, tree in sources():
        if not asked_in(name):
            continue
        for model, methods, line in chains(tree):
            if "visible_to" not in methods and (name, model) not in ASKED_OTHERWISE:
                wrong.append(f"{name}:{line} {model}.objects.{'.'.join(methods)}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_asked_for_whole_or_by_key_alone() -> None:
    """`.objects.all()` and a bare `.objects.get()` stay in operations, commands, tests and migrations."""
    wrong = [
        f"{name}:{line} {model}.objects.{methods[0]}()"
        for name, tree in sources()
        if not {"operations", "management", "demo", "generating", "importing"}
        & set(Path(name).with_suffix("").parts)
        for model, methods, line in chains(tree)
        if methods and methods[0] in ("all", "get", "get_or_create", "update_or_create", "in_bulk")
    ]
    assert not wrong, "\n".join(wrong)


def test_what_may_be_asked_otherwise_is_still_asked() -> None:
    asked = {(name, model) for name, tree in sources() for model, _methods, _line in chains(tree)}
    assert set(ASKED_OTHERWISE) <= asked, "take what is gone off the list"


def test_every_model_says_who_sees_it() -> None:
    wrong = []
    for model in [model for app in APPS for model in apps.get_app_config(app).get_models()]:
        queryset = type(model._default_manager.all())
        answers = (
            issubclass(queryset, TenantQuerySet) and queryset.visible_to is not TenantQuerySet.visible_to
        )
        if answers == (model._meta.label in PARTS):
            wrong.append(model._meta.label)
    assert not wrong, "answer visible_to, or say whose part it is"


def test_only_the_record_writes_events() -> None:
    wrong = []
    for name, tree in sources():
        if name == "portal/audit.py":
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("AuditEvent", "AuditNote")
            ):
                wrong.append(f"{name}:{node.lineno}")
        for model, methods, line in chains(tree):
            if model in ("AuditEvent", "AuditNote") and {"create", "bulk_create", "update", "delete"} & set(
                methods
            ):
                wrong.append(f"{name}:{line}")
    assert not wrong


def test_rights_are_decided_in_one_place() -> None:
    """Nobody else compares roles, raises the refusal, or looks at Django's own permissions."""
    wrong = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and name not in ROLES_ARE_DATA:
                sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
                if any(_A_ROLE.fullmatch(side) for side in sides):
                    wrong.append(f"{name}:{node.lineno} compares a role")
            elif isinstance(node, ast.Raise) and node.exc is not None and name not in REFUSE_THEMSELVES:
                if ast.unparse(node.exc).startswith(("NotPermitted", "PermissionDenied")):
                    wrong.append(f"{name}:{node.lineno} refuses by itself")
            elif isinstance(node, ast.Attribute) and node.attr in _DJANGOS_OWN and name not in OPERATORS:
                wrong.append(f"{name}:{node.lineno} asks {node.attr}")
    assert not wrong, "\n".join(wrong)


def test_the_first_floor_is_as_planned() -> None:
    found = {name.split("/")[0] for name in tracked()}
    strangers = {name for name in found - TOP if not name.startswith(".")}
    assert not strangers
    assert found >= TOP - {"CHANGELOG.md"}


def test_no_file_outgrows_a_screenful_of_thought() -> None:
    wrong = []
    for name in tracked():
        is_ours = Path(name).suffix in (".py", ".html", ".css", ".js") and not name.startswith("tests/")
        if not is_ours or "migrations/" in name or "locale/" in name or name in MAY_BE_LONG:
            continue
        lines = len((HOUSE / name).read_text().splitlines())
        if lines > LONGEST:
            wrong.append(f"{name}: {lines} lines")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_migrations_say_what_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_nothing_of_this_machine_is_written_down() -> None:
    """No path of a checkout and no host of a package mirror in any file."""
    here, index = str(HOUSE) + "/", "index-" + "url"
    wrong = []
    for name in tracked():
        if Path(name).suffix in (".png", ".ico", ".mo"):
            continue
        text = (HOUSE / name).read_text(errors="replace")
        if here in text or f"--{index}" in text or f"--extra-{index}" in text:
            wrong.append(name)
    assert not wrong


@pytest.mark.parametrize(
    ("code", "model", "methods"),
    [
        ("Customer.objects.all()", "Customer", ["all"]),
        ("x = list(Customer.objects.visible_to(a).filter(pk=1)[:2])", "Customer", ["visible_to", "filter"]),
    ],
)
def test_the_reader_of_questions_reads_them(code: str, model: str, methods: list[str]) -> None:
    assert [(found, steps) for found, steps, _line in chains(ast.parse(code))] == [(model, methods)]
