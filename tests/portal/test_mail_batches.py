"""Many changes of one act are told once a person, whatever becomes of the process that makes them."""

import json
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal import tasks
from portal.identifiers import uuid7
from portal.models import AuditEvent, Batch, Mail
from portal.operations import batches
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation, Repair
from support_contacts.operations import policy
from support_contacts.operations import repair as operation
from support_contacts.operations.repair import repair, select_for_repair
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    OrganisationFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.letterbox import waiting, work
from tests.portal.test_mail_relationships import acting, person
from tests.support_contacts.conftest import make_world

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)
#: Rows a part of an act holds in these tests, and the parts there are.
PART, PARTS = 2, 3


class Killed(BaseException):
    """The process dies at this point: nothing of ours gets to run any more."""


def stale_world():
    """Three customers with two designations each, of a reseller each, which all lost their force long ago."""
    world = make_world()
    world.admin_agent.delete()
    world.agent = person(world.provider.organisation, "agent", Role.ADMIN_AGENT)
    world.designations, world.people = [], {"agent"}
    for number in range(PARTS):
        customer = CustomerFactory(organisation=OrganisationFactory(name=f"Customer {number}"))
        CustomerRelationshipFactory(partner=world.provider, customer=customer)
        reseller = ResellerFactory(organisation=OrganisationFactory(name=f"Reseller {number}"))
        make_eligible(reseller, provider=world.provider, customer=customer)
        person(reseller.organisation, f"reseller{number}", Role.GLOBAL_ADMIN)
        person(customer.organisation, f"owner{number}", Role.GLOBAL_ADMIN)
        for _row in range(PART):
            row = SubscriptionFactory(provider=world.provider, customer=customer)
            world.designations.append(
                DesignationFactory(subscription=row, partner=reseller, started_at=timezone.now() - 60 * DAY)
            )
    DelegatedAdmin.objects.update(ends_at=timezone.now() - 20 * DAY)
    world.provider.ends_stale_after_days = 10
    world.provider.save()
    return world


@pytest.fixture
def world(db, monkeypatch):
    monkeypatch.setattr(policy, "CHUNK", PART)
    monkeypatch.setattr(operation, "CHUNK", PART)
    return stale_world()


def told() -> Counter[str]:
    """How many mails each person got, once all jobs are done."""
    work()
    return Counter(address.partition("@")[0] for address in Mail.objects.values_list("address", flat=True))


def killed_after(parts, part):
    """The same function, which dies instead of beginning its next part."""
    done = []

    def run(*args):
        if len(done) == parts:
            raise Killed
        done.append(args)
        return part(*args)

    return run


def later():
    """Two minutes on: whoever died is missed."""
    Batch.objects.filter(closed_at=None).update(last_at=timezone.now() - batches.LEFT_ALONE)
    tasks.close_batches(timestamp=0)


def rows_in(mail: Mail) -> int:
    """The subscriptions a mail to a provider or a reseller tells of."""
    return sum(offer in mail.text for offer in Subscription.objects.values_list("offer_name", flat=True))


def submit(world, selected=None, request_id="first"):
    agent = replace(acting(world.agent), request_id=request_id)
    ids = [row.subscription_id for row in world.designations]
    selected = selected or select_for_repair(ids, acting=agent)
    versions = dict(Subscription.objects.filter(pk__in=ids).values_list("pk", "contact_version"))
    return lambda: repair(selected, partner=world.provider, versions=versions, acting=agent)


# -- the policy


def test_everybody_concerned_by_a_policy_is_told_once_however_many_parts_it_takes(world) -> None:
    assert policy.end_stale(world.provider) == PART * PARTS
    assert Batch.objects.count() == 1

    assert told() == {"agent": 1, "reseller0": 1, "reseller1": 1, "reseller2": 1}
    assert Mail.objects.get(address__startswith="agent@").subject == "6 support contacts went back to you"

    later()
    assert sum(told().values()) == 4


def test_a_worker_faster_than_the_policy_leaves_nobody_out(world, monkeypatch) -> None:
    """Jobs are done while the run is still under way: who is concerned by a later part is told as well."""
    part = policy._end_chunk

    def then_work(*args):
        ended = part(*args)
        work()
        return ended

    monkeypatch.setattr(policy, "_end_chunk", then_work)
    assert policy.end_stale(world.provider) == PART * PARTS

    assert told() == {"agent": 1, "reseller0": 1, "reseller1": 1, "reseller2": 1}
    assert rows_in(Mail.objects.get(address__startswith="agent@")) == PART * PARTS


def test_a_policy_killed_half_way_is_told_and_the_next_run_tells_the_rest(world, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(policy, "_end_chunk", killed_after(1, policy._end_chunk))
        with pytest.raises(Killed):
            policy.end_stale(world.provider)
    assert Designation.objects.filter(ended_as="policy").count() == PART
    assert told() == {}, "it may be under way still"

    later()
    first = told()
    assert (first["agent"], sum(first.values())) == (1, 2)
    assert policy.end_stale(world.provider) == PART * (PARTS - 1)
    assert told() == {"agent": 2, "reseller0": 1, "reseller1": 1, "reseller2": 1}

    later()
    assert sum(told().values()) == 5
    agents = Mail.objects.filter(address__startswith="agent@").order_by("created_at")
    assert [rows_in(mail) for mail in agents] == [2, 4]


def test_a_policy_with_nothing_to_end_begins_nothing(world) -> None:
    world.provider.ends_stale_after_days = 90
    world.provider.save()
    assert policy.end_stale(world.provider) == 0
    assert not Batch.objects.exists()
    assert waiting() == []


# -- a repair


def test_everybody_concerned_by_a_repair_is_told_once(world) -> None:
    submit(world)()
    # Whoever did it is not told; the customers saw the provider already.
    assert told() == {"reseller0": 1, "reseller1": 1, "reseller2": 1}
    later()
    assert sum(told().values()) == 3


@pytest.mark.parametrize("parts", [1, 2])
def test_a_repair_killed_between_two_parts_is_told_and_what_is_left_is_repaired(
    world, monkeypatch, parts
) -> None:
    run = submit(world)
    with monkeypatch.context() as patched:
        patched.setattr(operation, "_repair_chunk", killed_after(parts, operation._repair_chunk))
        with pytest.raises(Killed):
            run()
    made = run()  # the same form again: it was submitted before
    assert (made.finished_at, len(made.outcomes)) == (None, PART * parts)
    assert told() == {}

    later()
    assert sorted(told().values()) == [1] * parts
    submit(world, request_id="second")()
    assert not Designation.objects.stored().exists()
    assert told() == {"reseller0": 1, "reseller1": 1, "reseller2": 1}
    later()
    assert sum(told().values()) == 3
    assert AuditEvent.objects.count() == PART * PARTS


def test_a_repair_killed_before_it_could_say_so_is_told_once(world, monkeypatch) -> None:
    def dies(made):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(operation, "_finish", dies)
        with pytest.raises(Killed):
            submit(world)()
    assert told() == {}
    later()
    assert told() == {"reseller0": 1, "reseller1": 1, "reseller2": 1}
    later()
    assert sum(told().values()) == 3


def test_a_repair_taken_for_dead_stops_and_what_it_did_is_told(world, monkeypatch) -> None:
    """It was only slow. What it did is told, so it must not go on."""
    part = operation._repair_chunk

    def slow(*args):
        part(*args)
        later()

    monkeypatch.setattr(operation, "_repair_chunk", slow)
    made = submit(world)()

    assert (made.finished_at, len(made.outcomes)) == (None, PART)
    assert Designation.objects.filter(ended_as="back_to_provider").count() == PART
    assert sum(told().values()) == 1


def test_a_job_that_tells_a_batch_twice_writes_each_mail_once(world) -> None:
    submit(world)()
    batch = Batch.objects.get()
    tasks.tell_batch(str(batch.pk))
    tasks.tell_batch(str(batch.pk))
    assert told() == {"reseller0": 1, "reseller1": 1, "reseller2": 1}


def test_a_worker_killed_between_two_mails_of_a_batch_writes_the_others_the_next_time(
    world, monkeypatch
) -> None:
    from portal.mail import outbox

    submit(world)()
    with monkeypatch.context() as patched:
        write = outbox.write
        done = []

        def dies(*args, **more):
            if done:
                raise Killed
            done.append(args)
            write(*args, **more)

        patched.setattr(outbox, "write", dies)
        with pytest.raises(Killed):
            tasks.tell_batch(str(Batch.objects.get().pk))
    assert Mail.objects.count() == 1
    assert told() == {"reseller0": 1, "reseller1": 1, "reseller2": 1}


def test_old_batches_are_forgotten_and_open_ones_are_not(world) -> None:
    submit(world)()
    Batch.objects.update(closed_at=timezone.now() - 91 * DAY)
    with transaction.atomic():
        batches.join(uuid7(), acting=replace(acting(world.agent), request_id="open"))
    tasks.clear_expired(timestamp=0)
    assert list(Batch.objects.values_list("request_id", flat=True)) == ["open"]


# -- real processes and connections


@pytest.mark.django_db(transaction=True)
def test_a_batch_held_by_a_transaction_of_its_act_is_not_left_alone() -> None:
    world = stale_world()
    agent = acting(world.agent)
    batch_id, held, done = uuid7(), Event(), Event()

    def part():
        try:
            with transaction.atomic():
                batches.join(batch_id, acting=agent)
            Batch.objects.update(last_at=timezone.now() - DAY)  # a long part: it began a day ago
            with transaction.atomic():
                batches.join(batch_id, acting=agent)
                held.set()
                done.wait(timeout=20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(part)
        assert held.wait(timeout=10)
        assert batches.close_left_alone() == 0
        done.set()
        working.result(timeout=10)
    assert batches.close_left_alone() == 0
    Batch.objects.update(last_at=timezone.now() - DAY)
    assert batches.close_left_alone() == 1
    assert batches.close_left_alone() == 0
    assert len(waiting("portal.tell_batch")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_repair_whose_process_is_killed_in_the_middle_of_a_part() -> None:
    """SIGKILL with the third part written and not committed: two parts are told, the third never was."""
    world = stale_world()
    ids = [row.subscription_id for row in world.designations]
    selected = select_for_repair(ids, acting=acting(world.agent))
    place = {
        key: connection.settings_dict[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    }
    said = json.dumps({"place": place, "repair": str(selected.pk), "membership": str(world.agent.pk)})

    run = subprocess.run(
        [sys.executable, "-m", "tests.portal.killed_repair"],
        input=said,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr

    made = Repair.objects.get()
    assert (made.finished_at, len(made.outcomes)) == (None, PART * 2)
    assert AuditEvent.objects.count() == PART * 2
    assert told() == {}
    later()
    assert sorted(told().values()) == [1, 1]
    submit(world, selected)()  # the same form again changes nothing
    assert AuditEvent.objects.count() == PART * 2
    submit(world, request_id="second")()
    assert told() == {"reseller0": 1, "reseller1": 1, "reseller2": 1}
    later()
    assert sum(told().values()) == 3
