"""Links lead to a request and grant nothing; whoever they are not for learns nothing; opening one changes nothing."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.models import AnswerLink, AuditEvent
from portal.operations import answer_links, resellers
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    UserFactory,
)
from tests.portal.test_reseller_operations import person

RESELLER, CUSTOMER = AnswerLink.Kind.RESELLER_RELATIONSHIP, AnswerLink.Kind.CUSTOMER_RELATIONSHIP


@pytest.fixture
def relecloud(db):
    return ResellerFactory(organisation=OrganisationFactory(name="ReleCloud"))


@pytest.fixture
def asked(relecloud):
    agent = person(ProviderFactory(), Role.ADMIN_AGENT)
    return resellers.request_reseller_relationship(relecloud, acting=agent)


def url(token):
    return reverse("follow-link", args=[token])


def signed_in(client, organisation, *roles):
    membership = MembershipFactory(organisation=organisation, roles=list(roles) or [Role.GLOBAL_ADMIN])
    client.force_login(membership.user)
    return membership


def text_of(response, token):
    """The page without its address, and without the CSRF proofs that differ between any two answers."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", response.content.decode().replace(url(token), "/links/TOKEN/"))


# -- operations


def test_a_new_link_ends_the_one_before(relecloud):
    target, now = uuid.uuid4(), timezone.now()
    first = answer_links.renew(RESELLER, target, organisation=relecloud.organisation, at=now)
    second = answer_links.renew(RESELLER, target, organisation=relecloud.organisation, at=now)

    assert first != second
    assert answer_links.follow(first) is None
    assert answer_links.follow(second).target_id == target
    assert AnswerLink.objects.count() == 2


def test_only_the_hash_of_a_token_is_kept(asked):
    link = AnswerLink.objects.get()

    assert asked.token not in (link.token_hash, str(link.pk))
    assert len(link.token_hash) == 64


def test_an_ended_link_leads_nowhere(relecloud):
    target, now = uuid.uuid4(), timezone.now()
    token = answer_links.renew(RESELLER, target, organisation=relecloud.organisation, at=now)
    another = answer_links.another_token(RESELLER, target)

    answer_links.end(RESELLER, target, at=now)

    assert answer_links.follow(token) is None
    assert answer_links.follow(another) is None
    assert answer_links.another_token(RESELLER, target) == ""


def test_another_token_leads_where_the_first_does_and_dies_with_it(relecloud):
    target, now = uuid.uuid4(), timezone.now()
    token = answer_links.renew(RESELLER, target, organisation=relecloud.organisation, at=now)
    another = answer_links.another_token(RESELLER, target)

    assert another != token
    assert answer_links.follow(another) == answer_links.follow(token)
    answer_links.renew(RESELLER, target, organisation=relecloud.organisation, at=now)
    assert answer_links.follow(another) is None


@pytest.mark.parametrize("forged", ["{pk}.", "{pk}.00", "{pk}.{seal}0", "{other}.{seal}", ".{seal}", "{pk}"])
def test_a_forged_token_leads_nowhere(asked, forged):
    link = AnswerLink.objects.get()
    _pk, _dot, seal = answer_links.another_token(RESELLER, link.target_id).partition(".")

    token = forged.format(pk=link.pk.hex, seal=seal, other=uuid.uuid4().hex)

    assert answer_links.follow(token) is None


@pytest.mark.parametrize("token", ["", ".", "a", "é", "\0", "x" * 5000, "a.b.c"])
def test_any_text_is_followed_with_one_query(asked, token, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert answer_links.follow(token) is None


# -- the page


def test_the_link_leads_those_who_are_asked_to_their_request(client, relecloud, asked):
    signed_in(client, relecloud.organisation, Role.ADMIN_AGENT)

    response = client.get(url(asked.token))

    assert response.status_code == 303
    assert response["Location"] == f"/providers/#request-{asked.relationship.pk}"
    assert f'id="request-{asked.relationship.pk}"' in client.get("/providers/").content.decode()


def test_a_customers_link_leads_to_its_partner_relationships(client, db):
    customer, target = CustomerFactory(), uuid.uuid4()
    token = answer_links.renew(CUSTOMER, target, organisation=customer.organisation, at=timezone.now())
    signed_in(client, customer.organisation)

    assert client.get(url(token))["Location"] == f"/partner-relationships/#request-{target}"


def test_a_role_that_does_not_answer_is_led_there_too(client, relecloud, asked):
    signed_in(client, relecloud.organisation, Role.HELPDESK_AGENT)

    assert client.get(url(asked.token)).status_code == 303


def test_somebody_signed_out_signs_in_first_whatever_the_token(client, asked):
    for token in (asked.token, "never-was"):
        response = client.get(url(token))
        assert response.status_code == 302
        assert response["Location"] == f"{reverse('account_login')}?next={url(token)}"


def test_another_organisation_of_ones_own_is_offered_to_switch_to(client, relecloud, asked):
    user = UserFactory()
    MembershipFactory(organisation=OrganisationFactory(name="A first one"), user=user)
    MembershipFactory(organisation=relecloud.organisation, user=user)
    client.force_login(user)

    page = client.get(url(asked.token))

    assert page.status_code == 200
    assert "This request is for ReleCloud" in page.content.decode()
    form = {"organisation": str(relecloud.pk), "next": url(asked.token)}
    switched = client.post(reverse("switch-organisation"), form)
    assert switched["Location"] == url(asked.token)
    assert client.get(url(asked.token)).status_code == 303


def test_a_link_of_others_reveals_nothing(client, relecloud, asked):
    """Used, replaced, somebody else's, never made: one answer, the same bytes, the same queries."""
    own = resellers.request_reseller_relationship(
        ResellerFactory(), acting=person(ProviderFactory(), Role.ADMIN_AGENT)
    )
    used = own.token
    resellers.withdraw_request(own.relationship, acting=person(own.relationship.provider, Role.ADMIN_AGENT))
    link = AnswerLink.objects.get(ended_at=None)
    sealed = answer_links.another_token(RESELLER, link.target_id)
    signed_in(client, OrganisationFactory(name="Somebody else"))
    client.get("/")

    pages, costs = set(), set()
    for token in (asked.token, sealed, used, "never-was", f"{uuid.uuid4().hex}.{'0' * 64}"):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url(token))
        assert response.status_code == 404
        pages.add(text_of(response, token))
        costs.add(len(queries))
    assert len(pages) == len(costs) == 1
    assert "This link is not for your organisation, or was used already." in pages.pop()


def test_opening_a_link_changes_nothing(client, relecloud, asked):
    signed_in(client, relecloud.organisation)
    before = (AnswerLink.objects.get().ended_at, AuditEvent.objects.count())

    for _ in range(3):
        assert client.get(url(asked.token)).status_code == 303
        assert client.head(url(asked.token)).status_code == 303
    for method in (client.post, client.put, client.delete):
        assert method(url(asked.token)).status_code == 405

    assert (AnswerLink.objects.get().ended_at, AuditEvent.objects.count()) == before
    asked.relationship.refresh_from_db()
    assert asked.relationship.is_open_request(timezone.now())


def test_an_answered_request_is_a_used_link(client, relecloud, asked):
    resellers.accept_request(asked.relationship, acting=person(relecloud, Role.GLOBAL_ADMIN))
    signed_in(client, relecloud.organisation)

    assert client.get(url(asked.token)).status_code == 404


def test_a_lapsed_request_is_led_to_and_shown_as_lapsed(client, relecloud, asked):
    """The clock ends no link; the page says what became of the request."""
    row = asked.relationship
    row.requested_at -= timedelta(days=91)
    row.lapses_at -= timedelta(days=91)
    row.save()
    signed_in(client, relecloud.organisation)

    assert client.get(url(asked.token)).status_code == 303
    page = client.get("/providers/").content.decode()
    assert f'id="request-{row.pk}"' in page
    assert "Lapsed" in page
    assert "Accept" not in page
