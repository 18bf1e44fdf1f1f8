"""Erasing a person: the events stay as they were, nothing tells any more who it was."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from portal.actor import Actor
from portal.errors import Busy
from portal.models import AuditEvent, Mail, Membership, Notice, OrganisationInvitation, PasswordLink, User
from portal.operations import accounts, credentials, members, reseller_invitations
from portal.operations.accounts import LinkDead
from portal.operations.erasure import Erased, erase_person
from portal.permissions import Role
from portal.seals.sealing import seal
from portal.who import names_of, names_read, with_names
from tests.factories import MembershipFactory, ProviderFactory, UserFactory
from tests.portal.record import happened, ran
from tests.portal.test_members_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, NAME = "camille.moreau@people.example", "Camille Moreau"


@pytest.fixture
def fabrikam():
    return ProviderFactory(name="Fabrikam").organisation


@pytest.fixture
def colleague(fabrikam):
    return MembershipFactory(organisation=fabrikam, roles=[Role.GLOBAL_ADMIN])


@pytest.fixture
def camille(fabrikam, colleague):
    user = UserFactory(email=ADDRESS, name=NAME)
    return MembershipFactory(organisation=fabrikam, user=user, roles=[Role.ADMIN_AGENT])


def acting(membership):
    return Actor.of(Membership.objects.select_related("organisation__partner", "user").get(pk=membership.pk))


def erase(address=ADDRESS):
    return ran("erase_person", address)


def anywhere(*texts):
    """Every table of ours that holds one of these texts in some row."""
    found = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS row WHERE row::text ILIKE ANY(%s)',
                [[f"%{text}%" for text in texts]],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_nothing_holds_the_name_and_no_event_changed(fabrikam, camille, colleague):
    me = acting(camille)
    happened(fabrikam, acting=me, note="Agreed on the telephone")
    in_a_month = timezone.now() + timedelta(days=30)
    credentials.create_credential(acting=me, name="Billing", role=Role.ADMIN_AGENT, expires_at=in_a_month)
    members.invite(acting=acting(colleague), email="somebody@else.example", roles=[Role.BILLING_ADMIN])
    reseller_invitations.invite_reseller(
        acting=acting(colleague), email=ADDRESS.upper(), partner_id="99887766"
    )
    Notice.objects.create(organisation=fabrikam, user=camille.user, kind=Notice.Kind.STEP_ASKED, path="/")
    for number, user in enumerate((camille.user, None)):
        Mail.objects.create(
            organisation=fabrikam,
            user=user,
            kind="member",
            key=f"k{number}",
            address=ADDRESS,
            language="en",
            subject="x",
            text=f"Hello {NAME}",
            html="x",
        )
    store = SessionStore()
    store["_auth_user_id"] = str(camille.user_id)
    store.save()
    other = SessionStore()
    other["_auth_user_id"] = str(colleague.user_id)
    other.save()
    seal()
    before = list(AuditEvent.objects.order_by("pk").values())
    assert anywhere(ADDRESS, NAME) == ["portal_mail", "portal_organisationinvitation", "portal_user"]

    lines, error = erase(f" {ADDRESS.upper()} ")

    assert not error
    assert lines[0] == f"Erased; the record calls them {camille.user_id}. Member of: Fabrikam."
    assert lines[1] == "Gone too: sessions 1, invitations 1, mails 2."
    assert anywhere(ADDRESS, NAME) == []
    assert not User.objects.filter(pk=camille.user_id).exists()
    assert Session.objects.get().session_key == other.session_key
    assert (
        list(AuditEvent.objects.filter(pk__in=[row["id"] for row in before]).order_by("pk").values())
        == before
    )
    assert not ran("verify_audit")[1]
    seal()
    assert not ran("verify_audit")[1]


def test_it_is_told_in_the_record_by_id(fabrikam, camille):
    erase()
    removed, erased = AuditEvent.objects.order_by("pk")
    assert (removed.action, erased.action) == ("member.removed", "person.erased")
    for event in (removed, erased):
        assert (event.organisation_id, event.actor_kind, event.channel) == (
            fabrikam.pk,
            "operator",
            "command",
        )
        assert event.before["user"] == str(camille.user_id)
    assert removed.request_id == erased.request_id


def test_the_log_says_an_erased_person(fabrikam, camille, colleague):
    theirs = happened(fabrikam, acting=acting(camille))
    others = happened(fabrikam, acting=acting(colleague))
    assert names_of([theirs, others], fabrikam.pk)[camille.user_id] == NAME
    erase()
    assert names_of([theirs, others], fabrikam.pk) == {
        camille.user_id: "an erased person",
        colleague.user_id: colleague.user.name,
    }
    read = with_names(AuditEvent.objects.filter(pk__in=[theirs.pk, others.pk]), fabrikam.pk)
    assert names_read(read, fabrikam.pk) == names_of([theirs, others], fabrikam.pk)


def test_an_organisation_they_left_long_ago_is_told_too(fabrikam, camille):
    former = ProviderFactory(name="Litware").organisation
    member = MembershipFactory(organisation=former, user=camille.user)
    happened(former, acting=acting(member))
    member.delete()
    erase()
    told = AuditEvent.objects.filter(action="person.erased").values_list("organisation_id", flat=True)
    assert set(told) == {fabrikam.pk, former.pk}


def test_the_last_global_admin_is_refused_and_nothing_is_gone(fabrikam, camille, colleague):
    elsewhere = ProviderFactory(name="Litware").organisation
    MembershipFactory(organisation=elsewhere, user=camille.user, roles=[Role.GLOBAL_ADMIN])
    lines, error = erase()
    assert not lines
    assert error == "Litware: An organisation needs a global admin. Make somebody else one first."
    assert Membership.objects.filter(user=camille.user).count() == 2
    assert not AuditEvent.objects.exists()
    MembershipFactory(organisation=elsewhere, roles=[Role.GLOBAL_ADMIN])
    assert not erase()[1]


def test_an_invitation_nobody_answered_is_withdrawn(fabrikam, colleague):
    """Somebody may be erased who never had an account."""
    members.invite(acting=acting(colleague), email=ADDRESS, roles=[Role.ADMIN_AGENT], name=NAME)
    lines, error = erase()
    assert not error
    assert lines[0].startswith("Erased; there was no account.")
    assert not PasswordLink.objects.exists()
    assert AuditEvent.objects.filter(action="member.invitation_withdrawn").count() == 1
    assert anywhere(ADDRESS, NAME) == []


def test_invitations_they_sent_die_with_the_account(fabrikam, camille, colleague):
    camille.roles = [Role.USER_ADMIN]
    camille.save()
    members.invite(acting=acting(camille), email="new@people.example", roles=[Role.ADMIN_AGENT])
    erase()
    link = PasswordLink.objects.get()
    assert link.withdrawn_at is not None
    assert link.invited_by_id is None


def test_an_invitation_of_a_reseller_loses_its_address_and_its_words(fabrikam, colleague):
    reseller_invitations.invite_reseller(
        acting=acting(colleague), email=ADDRESS, partner_id="99887766", message=f"Dear {NAME}"
    )
    erase()
    row = OrganisationInvitation.objects.get()
    assert (row.email, row.message) == ("", "")
    assert row.withdrawn_at is not None
    assert anywhere(ADDRESS, NAME) == []


def test_nobody_of_that_address_is_refused(fabrikam, camille):
    lines, error = erase("nobody@people.example")
    assert not lines
    assert error == "Nobody has this address here, and nothing was sent to it."
    assert User.objects.filter(pk=camille.user_id).exists()


def test_a_second_time_there_is_nobody(camille):
    assert not erase()[1]
    assert erase()[1].startswith("Nobody has this address")


def test_whatever_refers_to_an_account_goes_or_forgets_it():
    """A model that protects a person, or copies the reference, would keep what is to be lost."""
    kinds = {
        f"{relation.related_model._meta.label}.{relation.field.name}": relation.on_delete.__name__
        for relation in User._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and hasattr(relation, "on_delete")
    }
    assert kinds
    assert {name: kind for name, kind in kinds.items() if kind not in ("CASCADE", "SET_NULL")} == {}


def test_mails_to_others_go_when_all_of_their_age_do(fabrikam, camille, colleague):
    """What was sent to others is theirs for as long as any mail is kept."""
    from portal import tasks

    mail = Mail.objects.create(
        organisation=fabrikam,
        user=colleague.user,
        kind="member",
        key="k",
        address=colleague.user.email,
        language="en",
        subject="x",
        text=f"Changed by: {NAME}",
        html="x",
    )
    erase()
    assert anywhere(NAME) == ["portal_mail"]
    Mail.objects.filter(pk=mail.pk).update(created_at=timezone.now() - tasks.MAILS_KEPT - timedelta(days=1))
    tasks.clear_expired(timestamp=0)
    assert anywhere(NAME) == []


@pytest.mark.parametrize("_round", range(5))
def test_who_joins_at_that_moment_is_wholly_gone_or_wholly_there(camille, _round):
    """Either the invitation dies with the account, or whoever erases has to begin again; nothing breaks."""
    elsewhere = ProviderFactory(name="Litware").organisation
    admin = MembershipFactory(organisation=elsewhere, roles=[Role.GLOBAL_ADMIN])
    invited = members.invite(acting=acting(admin), email=ADDRESS, roles=[Role.ADMIN_AGENT])
    erased, joined = at_once(
        lambda: erase_person(ADDRESS), lambda: accounts.join(invited.token, user=camille.user)
    )
    if isinstance(erased, Busy):
        assert isinstance(joined, accounts.Joined)
        assert Membership.objects.filter(user=camille.user).count() == 2
        erased = erase_person(ADDRESS)
    else:
        assert isinstance(joined, LinkDead | accounts.Joined)
    assert isinstance(erased, Erased)
    assert not User.objects.filter(pk=camille.user_id).exists()
    assert not Membership.objects.filter(user_id=camille.user_id).exists()
    assert not PasswordLink.objects.filter(email=ADDRESS).exists()
