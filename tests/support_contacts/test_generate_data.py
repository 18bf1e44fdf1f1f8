"""What is generated could have happened by the rules, is the same for the same seed, and opens on every page."""

import unicodedata
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from customers.models import Customer, CustomerRelationship, CustomerWord, DelegatedAdmin
from portal.models import AuditEvent, Membership, Organisation, Partner, ResellerRelationship, User
from portal.names import query_words, sort_name
from subscriptions.models import Subscription
from support_contacts.contacts import standings_of
from support_contacts.generating.loading import are_ours, many_rows
from support_contacts.generating.run import generate
from support_contacts.models import ContactKind, Designation, contact_at, intervals, verdict
from tests.browser.databases import _owner
from tests.factories import OrganisationFactory

CUSTOMERS = 80
TABLES = ["customers_customer", "customers_customerrelationship", "customers_customerword"]


@pytest.fixture
def generated(db, settings):
    settings.DEMO = True
    call_command("generate_data", customers=CUSTOMERS, providers=4)


def largest() -> Partner:
    return User.objects.get(email="admin-agent@northwindcloud.example").memberships.get().organisation.partner


def test_as_many_as_asked_for_and_skewed_as_in_life(generated):
    sold = Counter(Subscription.objects.values_list("provider_id", flat=True))
    per_customer = Counter(Subscription.objects.values_list("customer_id", flat=True))

    assert Customer.objects.count() == CUSTOMERS
    assert 3 * CUSTOMERS <= Subscription.objects.count() <= 3.3 * CUSTOMERS
    assert sold.most_common(1)[0][0] == largest().pk
    assert CustomerRelationship.objects.filter(partner=largest()).count() == CUSTOMERS // 2
    assert len(sold) == 4
    assert sorted(per_customer.values())[CUSTOMERS // 2] <= 3 < max(per_customer.values())


def test_every_rule_of_a_row_holds(generated):
    connection.check_constraints()
    for model in (
        Organisation,
        CustomerRelationship,
        DelegatedAdmin,
        ResellerRelationship,
        Subscription,
        Designation,
    ):
        for row in model.objects.order_by("pk"):
            row.full_clean(validate_unique=False)


def test_names_are_folded_and_found_by_the_words_the_models_would_write(generated):
    before = set(CustomerWord.objects.values_list("relationship_id", "word"))
    for row in CustomerRelationship.objects.order_by("pk"):
        assert row.sort_name == sort_name(row.name)[:200]
        CustomerWord.write(row)

    assert set(CustomerWord.objects.values_list("relationship_id", "word")) == before
    assert all(row.sort_name == sort_name(row.name)[:200] for row in Organisation.objects.order_by("pk"))


def test_every_choice_was_allowed_when_it_was_made_and_has_its_event(generated):
    rows = list(Designation.objects.select_related("subscription", "partner", "provider"))
    standings = standings_of(rows)
    assert rows
    for row in rows:
        standing = standings[row.provider_id, row.partner_id, row.subscription.customer_id]
        assert verdict(standing, at=row.started_at, told_to=None), row
        assert max(row.subscription.began_at, row.subscription.recorded_at) <= row.started_at
    made = set(AuditEvent.objects.filter(action="designation.made").values_list("subscription_id", "at"))
    assert made == {(row.subscription_id, row.started_at) for row in rows}


def test_contacts_agree_with_designations_and_timelines_are_whole(generated):
    now = timezone.now()
    in_force = dict(Designation.objects.in_force(now).values_list("subscription_id", "partner_id"))
    histories: dict = {}
    for row in Designation.objects.select_related("subscription", "partner").order_by("started_at"):
        histories.setdefault(row.subscription_id, []).append(row)
    for subscription in Subscription.objects.select_related("provider"):
        history = histories.get(subscription.pk, [])
        found = {key[1]: value for key, value in standings_of(history).items()}
        contact = contact_at(subscription, history, found, now)
        designated = contact.partner.pk if contact.kind == ContactKind.DESIGNATED else None
        assert designated == in_force.get(subscription.pk)
        told = intervals(subscription, history, found, now)
        assert all(one.end == other.start for one, other in pairwise(told))


def test_it_says_of_each_choice_what_the_database_would_have_kept(generated):
    said = dict(Designation.objects.values_list("pk", "holds_until"))
    assert None in said.values()
    assert len(set(said.values())) > CUSTOMERS // 10
    Designation.objects.update(holds_until=None)  # any update has it look
    assert dict(Designation.objects.values_list("pk", "holds_until")) == said


def test_some_need_attention_some_moved_some_ended(generated):
    assert Designation.objects.needs_attention(timezone.now()).exists()
    assert Designation.objects.in_force(timezone.now()).count() > 10
    assert Designation.objects.exclude(ended_at=None).exists()
    assert Subscription.objects.exclude(ended_at=None).exists()
    assert Subscription.objects.exclude(parent=None).exists()
    assert {True, False} == set(Subscription.objects.values_list("is_new_commerce", flat=True))


def test_every_page_opens(generated, client):
    client.force_login(User.objects.get(email="admin-agent@northwindcloud.example"))
    stored = Designation.objects.stored().filter(provider=largest()).select_related("subscription").first()
    row = stored.subscription
    for address in (
        "/",
        "/customers/",
        "/customers/?sort=newest&designated=1",
        "/customers/?attention=1",
        f"/customers/{row.customer_id}/",
        f"/customers/{row.customer_id}/as-customer/",
        f"/customers/{row.customer_id}/subscriptions/{row.public_id}/",
        "/support-contacts/",
        "/support-contacts/?attention=1",
        "/support-contacts/?ending=1",
        "/resellers/",
        f"/resellers/{stored.partner_id}/",
        "/organisation/",
    ):
        assert client.get(address).status_code == 200, address
    others = Membership.objects.exclude(organisation=largest().pk).select_related("user", "organisation")
    opened = []
    for membership in others:
        client.force_login(membership.user)
        is_partner = membership.organisation.is_partner
        for address in (
            ("/duties/", "/providers/") if is_partner else ("/support/", "/partner-relationships/")
        ):
            assert client.get(address).status_code == 200, address
            opened.append(address)
    assert len(opened) == 4


def test_a_name_in_any_script_is_found(generated):
    found = CustomerRelationship.objects.filter(partner__is_indirect_provider=True, ended_at=None)
    for script in ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HANGUL", "DEVANAGARI", "HIRAGANA"):
        row = next(r for r in found if _is_in(script, r.company_name))
        word = next(w for w in query_words(row.company_name) if _is_in(script, w))

        hits = CustomerRelationship.objects.matching(row.partner_id, [word])

        assert row in hits, script
        assert hits.count() < found.filter(partner=row.partner_id).count() / 2, script


def _is_in(script: str, text: str) -> bool:
    return any(script in unicodedata.name(char, "") for char in text)


def test_the_same_seed_makes_the_same_data(db):
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)

    def run(seed):
        with transaction.atomic():
            generate(customers=40, providers=3, seed=seed, now=now, demo=True)
            rows = [
                list(model.objects.order_by("pk").values())
                for model in (Subscription, Designation, CustomerRelationship, DelegatedAdmin, AuditEvent)
            ]
            transaction.set_rollback(True)
        return rows

    first = run(7)
    assert run(7) == first
    assert run(8) != first


def test_ids_are_of_their_time(generated):
    assert {pk.version for pk in Designation.objects.values_list("pk", flat=True)} == {7}
    rows = Designation.objects.order_by("pk").values_list("started_at", flat=True)
    assert [int(at.timestamp()) for at in rows] == sorted(int(at.timestamp()) for at in rows)


def test_it_refuses_where_people_work(db, settings, capsys):
    settings.DEMO = False
    OrganisationFactory(name="Somebody real")
    with pytest.raises(CommandError, match="--yes"):
        call_command("generate_data", customers=10)
    assert Organisation.objects.count() == 1

    call_command("generate_data", customers=10, yes=True)

    assert not User.objects.exists()
    assert "global-admin@northwindcloud.example opens this within 7 days" in capsys.readouterr().out
    assert not Organisation.objects.filter(is_demo=True).exists()


def test_a_seed_is_made_once_and_another_beside_it(generated, capsys):
    with pytest.raises(CommandError, match="another --seed"):
        call_command("generate_data", customers=10)

    call_command("generate_data", customers=10, seed=2)

    assert Customer.objects.count() == CUSTOMERS + 10
    assert "admin-agent@northwindcloud-2.example" in capsys.readouterr().out


@pytest.mark.parametrize(("customers", "providers"), [(0, None), (2, 3), (10_000_001, 1)])
def test_numbers_that_make_no_sense_are_refused(db, settings, customers, providers):
    settings.DEMO = True
    with pytest.raises(CommandError):
        call_command("generate_data", customers=customers, providers=providers)


def test_accounts_are_of_the_demo_with_its_password(generated):
    user = User.objects.get(email="admin-agent@northwindcloud.example")
    assert user.is_demo
    assert user.check_password("demo-portal-2026")
    assert not User.objects.filter(is_demo=False).exists()
    assert AuditEvent.objects.filter(actor_id=user.pk).exists()


# -- without indexes meanwhile


@pytest.fixture
def as_owner(transactional_db):
    """The role that migrates: it may take indexes and constraints away and make them anew."""
    role = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "OPTIONS")}
    connection.close()
    connection.settings_dict.update(_owner())
    yield
    connection.close()
    connection.settings_dict.update(role)


def definitions() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ANY(%s::regclass[])"
            " UNION SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[])",
            [TABLES, TABLES],
        )
        return set(cursor.fetchall())


def test_indexes_and_keys_are_as_they_were(as_owner):
    before = definitions()
    assert are_ours(TABLES)
    with transaction.atomic(), many_rows(TABLES, bare=True):
        meanwhile = definitions()
        pk = OrganisationFactory().pk
        Customer.objects.create(organisation_id=pk)

    assert len(before) - len(meanwhile) > 15
    assert definitions() == before
    assert Customer.objects.get().pk == pk


def test_what_a_row_must_satisfy_is_asked_at_the_end(as_owner):
    before = definitions()
    with pytest.raises(IntegrityError), transaction.atomic(), many_rows(TABLES, bare=True):
        Customer.objects.create(organisation_id="11111111-1111-4111-8111-111111111111")

    assert definitions() == before
    assert not Customer.objects.exists()


def test_the_role_that_serves_people_does_not_own_the_tables(db):
    assert not are_ours(TABLES)
