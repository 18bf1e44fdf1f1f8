"""`PUT …/supportcontact`: choosing, in the order of R6; what real clients send (§8, §9.1)."""

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.models import AuditEvent
from portal.permissions import Role
from support_contacts.models import Designation
from tests.api.caller import Caller, bearer
from tests.factories import (
    DesignationFactory,
    PartnerFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.api import contact_uri, etag_of

AGENT = Role.HELPDESK_AGENT


@pytest.fixture
def api(world):
    return Caller(bearer(world.provider.organisation, AGENT))


@pytest.fixture
def put(world, api):
    def put(body, row=None, **headers):
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.put(contact_uri(row or world.subscription), body, headers=said)

    return put


@pytest.fixture
def alpine(world):
    reseller = ResellerFactory(name="Alpine Ski House")
    make_eligible(reseller, provider=world.provider, customer=world.customer)
    return reseller


def open_partner(world):
    found = Designation.objects.filter(subscription=world.subscription, ended_at=None).first()
    return found.partner if found else None


def refusal(response):
    assert response.status_code == 400, response.json()
    body = response.json()
    return body["code"], body["data"]


def unchanged(world):
    world.subscription.refresh_from_db()
    return (
        AuditEvent.objects.filter(subscription_id__isnull=False).count(),
        world.subscription.contact_version,
    )


# -- choosing


def test_choosing_answers_200_with_the_contact_and_writes_one_event(world, put):
    """§9.1.6: an empty answer crashes the Java SDK."""
    response = put({"supportTenantId": str(world.trey.pk)})

    assert response.status_code == 200
    assert response.json() == {
        "supportTenantId": str(world.trey.pk),
        "supportMpnId": world.trey.partner_id,
        "name": "Trey Research",
        "links": {
            "self": {
                "uri": contact_uri(world.subscription).removeprefix("/v1"),
                "method": "GET",
                "headers": [],
            }
        },
        "attributes": {"etag": etag_of(world.subscription, 1), "objectType": "SupportContact"},
    }
    assert response["ETag"] == f'"{etag_of(world.subscription, 1)}"'
    assert open_partner(world) == world.trey


def test_r9_the_event_names_integration_role_channel_and_request(world, put):
    request_id = str(uuid.uuid4())
    put({"supportTenantId": str(world.trey.pk)}, MS_RequestId=request_id)

    event = AuditEvent.objects.get(subscription_id=world.subscription.pk)
    assert (event.action, event.channel, event.actor_kind) == ("designation.made", "api", "integration")
    assert (event.actor_role, event.request_id) == ("helpdesk_agent", request_id)
    assert event.before["contact"]["name"] == "Fabrikam Distribution"
    assert event.after["designated"]["name"] == "Trey Research"
    assert event.actor_id is not None


def test_trap_3_the_body_got_is_a_body_to_put_also_of_the_provider(world, api, put):
    """Read, modify, write: .NET puts exactly what it got, links and attributes included."""
    body = api.get(contact_uri(world.subscription)).json()

    response = put(body)

    assert response.status_code == 200
    assert response.json() == body
    assert unchanged(world) == (0, 0)


@pytest.mark.parametrize("number", ["as it is", "none"])
def test_trap_3_the_body_got_of_a_partner_is_already_so(world, api, put, number):
    if number == "none":
        world.trey.partner_id = ""
        world.trey.save()
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    body = api.get(contact_uri(world.subscription)).json()

    assert put(body).json() == body
    assert unchanged(world) == (0, 0)


def test_trap_3_pascal_case_with_links_and_attributes(world, put):
    """As Microsoft's page and .NET write it: names in Pascal case, a link with method Get, an objectType."""
    response = put(
        {
            "SupportTenantId": str(world.trey.pk).upper(),
            "SupportMpnId": world.trey.partner_id,
            "Name": "Something else",
            "Links": {"Self": {"Uri": "/v1/somewhere/else", "Method": "Get", "Headers": []}},
            "Attributes": {"Etag": "anything", "ObjectType": " SupportContact"},
        }
    )

    assert response.json()["name"] == "Trey Research"
    assert response.json()["links"]["self"]["uri"] == contact_uri(world.subscription).removeprefix("/v1")


def test_trap_3_camel_case_without_links_as_java_and_powershell_write_it(world, put):
    body = {
        "supportTenantId": str(world.trey.pk),
        "supportMpnId": world.trey.partner_id,
        "name": "x",
        "links": None,
    }

    assert put(body).json()["supportTenantId"] == str(world.trey.pk)


@pytest.mark.parametrize(
    "write",
    [str.upper, lambda text: f"{{{text}}}", lambda text: text.replace("-", ""), lambda text: f"  {text} "],
    ids=["upper", "braces", "no dashes", "spaces"],
)
def test_trap_5_the_tenant_id_in_any_notation(world, put, write):
    assert put({"SUPPORTTENANTID": write(str(world.trey.pk))}).json()["supportTenantId"] == str(world.trey.pk)


def test_trap_19_a_byte_order_mark_and_any_content_type(world, api):
    raw = b"\xef\xbb\xbf" + json.dumps({"SupportTenantId": str(world.trey.pk)}).encode()

    response = api.put(contact_uri(world.subscription), raw, content_type="text/plain; charset=utf-8")

    assert response.json()["supportTenantId"] == str(world.trey.pk)


@pytest.mark.parametrize("kind", [str, int])
def test_a_partnerid_alone_is_looked_up(world, put, kind):
    assert put({"supportMpnId": kind(world.trey.partner_id)}).json()["supportTenantId"] == str(world.trey.pk)


def test_an_empty_member_is_not_there(world, put):
    body = {"supportTenantId": "", "supportMpnId": world.trey.partner_id}

    assert put(body).json()["supportTenantId"] == str(world.trey.pk)


def test_trap_4_a_wrong_name_is_not_read(world, put):
    body = {"supportTenantId": str(world.trey.pk), "name": "Contoso", "links": "nonsense", "attributes": 7}

    assert put(body).json()["name"] == "Trey Research"


# -- what a body may not say


def test_neither_is_partner_missing(world, put):
    for body in ({}, {"name": "Trey Research"}, {"supportTenantId": None, "supportMpnId": " "}, b""):
        assert refusal(put(body)) == (800002, ["partner_missing"])
    assert unchanged(world) == (0, 0)


def test_both_and_unequal_is_partner_mismatch(world, put, alpine):
    for tenant, number in (
        (world.trey, alpine.partner_id),
        (world.trey, "999"),
        (world.provider, alpine.partner_id),
    ):
        body = {"supportTenantId": str(tenant.pk), "supportMpnId": number}
        assert refusal(put(body)) == (800002, ["partner_mismatch"])
    assert unchanged(world) == (0, 0)


@pytest.mark.parametrize("value", ["not a guid", 17, True, [], {}])
def test_a_tenant_id_that_is_none(world, put, value):
    assert refusal(put({"supportTenantId": value})) == (3000, ["invalid_property", "supportTenantId"])


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"text"', b"null", b'{"supportTenantId": NaN}'])
def test_a_body_that_is_no_object(world, put, raw):
    assert refusal(put(raw))[0] == 800002


# -- the order of R6


def test_r6_already_so_writes_nothing(world, put):
    put({"supportTenantId": str(world.trey.pk)})
    before = unchanged(world)

    response = put({"supportMpnId": world.trey.partner_id})

    assert response.status_code == 200
    assert response.json()["attributes"]["etag"] == etag_of(world.subscription, 1)
    assert unchanged(world) == before == (1, 1)


def test_r6_the_provider_ends_the_designation(world, put):
    put({"supportTenantId": str(world.trey.pk)})

    response = put({"supportTenantId": str(world.provider.pk)})

    assert response.json()["name"] == "Fabrikam Distribution"
    assert open_partner(world) is None
    assert Designation.objects.get().ended_as == "back_to_provider"
    assert unchanged(world) == (2, 2)


def test_r6_the_provider_ends_a_designation_that_is_not_in_force(world, put):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    PartnerSuspensionFactory(partner=world.trey)

    assert put({"supportTenantId": str(world.provider.pk)}).status_code == 200
    assert open_partner(world) is None


def test_r6_without_if_match_the_last_write_wins(world, put, alpine):
    put({"supportTenantId": str(alpine.pk)})

    assert put({"supportTenantId": str(world.trey.pk)}).status_code == 200
    assert open_partner(world) == world.trey


FORMS = {
    "quoted": '"{}"',
    "bare": "{}",
    "weak": 'W/"{}"',
    "weak and bare": "W/{}",
    "in a list": '"bm9uZQ==", "{}"',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_r6_with_the_etag_of_the_choice_it_is_made(world, put, alpine, form):
    put({"supportTenantId": str(alpine.pk)})

    response = put(
        {"supportTenantId": str(world.trey.pk)}, If_Match=form.format(etag_of(world.subscription, 1))
    )

    assert response.status_code == 200
    assert open_partner(world) == world.trey


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_r6_with_a_stale_etag_nothing_is_written(world, put, alpine, form):
    """§1.8: Microsoft's number for it is 2055, with 400 and not 412."""
    put({"supportTenantId": str(alpine.pk)})

    response = put(
        {"supportTenantId": str(world.trey.pk)}, If_Match=form.format(etag_of(world.subscription, 0))
    )

    assert refusal(response) == (2055, ["conflict"])
    assert open_partner(world) == alpine
    assert unchanged(world) == (1, 1)


@pytest.mark.parametrize("etag", ["nonsense", '""', ",", '"eyJ9"', "another's", "é"])
def test_r6_what_is_no_etag_of_this_is_stale(world, put, etag):
    if etag == "another's":
        etag = etag_of(SubscriptionFactory(provider=world.provider, customer=world.customer), 0)

    assert refusal(put({"supportTenantId": str(world.trey.pk)}, If_Match=etag))[0] == 2055


@pytest.mark.parametrize("etag", ["*", '"bm9uZQ==", *', ""])
def test_r6_a_star_or_nothing_takes_whatever_is_there(world, put, alpine, etag):
    put({"supportTenantId": str(alpine.pk)})

    assert put({"supportTenantId": str(world.trey.pk)}, If_Match=etag).status_code == 200


def test_r6_already_so_comes_before_stale(world, put):
    put({"supportTenantId": str(world.trey.pk)})

    response = put({"supportTenantId": str(world.trey.pk)}, If_Match=f'"{etag_of(world.subscription, 0)}"')

    assert response.status_code == 200
    assert response.json()["attributes"]["etag"] == etag_of(world.subscription, 1)


def test_r6_stale_comes_before_not_eligible(world, put):
    """Also for somebody nobody knows."""
    for body in ({"supportTenantId": str(uuid.uuid4())}, {"supportMpnId": "999"}):
        assert refusal(put(body, If_Match=etag_of(world.subscription, 7))) == (2055, ["conflict"])


def test_r6_a_stored_partner_out_of_force_is_refused_with_its_reason(world, put):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    PartnerSuspensionFactory(partner=world.trey)

    assert refusal(put({"supportTenantId": str(world.trey.pk)})) == (800016, ["reseller_suspended"])


# -- R4's codes


def test_r4_somebody_unknown_and_somebody_unrelated_are_refused_alike(world, put):
    stranger = ResellerFactory()
    answers = [
        put(body)
        for body in (
            {"supportTenantId": str(uuid.uuid4())},
            {"supportMpnId": "99999999999"},
            {"supportTenantId": str(stranger.pk)},
            {"supportMpnId": stranger.partner_id},
            {"supportTenantId": str(stranger.pk), "supportMpnId": stranger.partner_id},
            {"supportTenantId": str(stranger.pk), "supportMpnId": "123"},
        )
    ]
    assert {refusal(answer)[1][0] for answer in answers} == {"relationship_missing"}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == 800016
    assert unchanged(world) == (0, 0)


def at(days):
    return timezone.now() + timedelta(days=days)


CASES = {
    "relationship_requested": {"established_at": None, "requested_at": at(-2), "lapses_at": at(80)},
    "relationship_declined": {
        "established_at": None,
        "requested_at": at(-9),
        "ended_at": at(-2),
        "ended_as": "declined",
    },
    "relationship_lapsed": {"established_at": None, "requested_at": at(-99), "lapses_at": at(-9)},
    "relationship_ended": {"ended_at": at(-1), "ended_as": "ended"},
    "relationship_missing": {
        "established_at": None,
        "requested_at": at(-9),
        "ended_at": at(-2),
        "ended_as": "withdrawn",
    },
    "delegated_admin_missing": {},
}


@pytest.mark.parametrize(("code", "said"), CASES.items(), ids=CASES)
def test_r4_a_refusal_has_its_code_in_data(world, put, code, said):
    reseller = ResellerFactory()
    ResellerRelationshipFactory(provider=world.provider, reseller=reseller, **said)

    assert refusal(put({"supportTenantId": str(reseller.pk)})) == (800016, [code])
    assert open_partner(world) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("delegated_admin_expired", {"ends_at": at(-1)}),
        ("delegated_admin_ended", {"ended_at": at(-1), "ended_as": "ended"}),
    ],
)
def test_r4_codes_of_delegated_admin(world, put, code, said):
    DelegatedAdmin.objects.update(**said)

    assert refusal(put({"supportTenantId": str(world.trey.pk)})) == (800016, [code])


def test_r3_a_related_partner_that_is_no_reseller_is_refused(world, put):
    partner = PartnerFactory(is_direct_partner=True)
    make_eligible(partner, provider=world.provider, customer=world.customer)

    assert refusal(put({"supportTenantId": str(partner.pk)})) == (800016, ["relationship_missing"])


# -- subscriptions that take no choice


@pytest.mark.parametrize("who", ["reseller", "provider"])
def test_trap_1_r5_new_commerce_is_refused(world, put, who):
    world.subscription.is_new_commerce = True
    world.subscription.save()
    partner = world.trey if who == "reseller" else world.provider

    assert refusal(put({"supportTenantId": str(partner.pk)})) == (900141, ["new_commerce_not_supported"])


@pytest.mark.parametrize("status", ["expired", "disabled", "deleted"])
def test_an_ended_subscription_is_refused(world, put, status):
    world.subscription.status, world.subscription.ended_at = status, timezone.now()
    world.subscription.save()

    assert refusal(put({"supportTenantId": str(world.trey.pk)})) == (2011, ["subscription_ended"])


@pytest.mark.parametrize("who", ["provider", "reseller"])
def test_trap_3_the_body_got_of_an_ended_subscription_is_already_so(world, api, put, who):
    """GET answers for an ended one as well: what it said may be put back, and is no change (R6)."""
    if who == "reseller":
        put({"supportTenantId": str(world.trey.pk)})
    world.subscription.status, world.subscription.ended_at = "deleted", timezone.now()
    world.subscription.save()
    before, body = unchanged(world), api.get(contact_uri(world.subscription)).json()

    response = put(body)

    assert (response.status_code, response.json()) == (200, body)
    assert unchanged(world) == before
    assert refusal(
        put({"supportTenantId": str((world.provider if who == "reseller" else world.trey).pk)})
    ) == (
        2011,
        ["subscription_ended"],
    )


def test_an_addon_is_a_subscription_of_its_own(world, put):
    addon = SubscriptionFactory(provider=world.provider, customer=world.customer, parent=world.subscription)

    assert put({"supportTenantId": str(world.trey.pk)}, row=addon).status_code == 200
    assert open_partner(world) is None


# -- who may


@pytest.mark.parametrize("role", ["admin_agent", "helpdesk_agent", "global_admin"])
def test_r2_roles_that_choose(world, role):
    api = Caller(bearer(world.provider.organisation, role))

    response = api.put(contact_uri(world.subscription), {"supportTenantId": str(world.trey.pk)})

    assert response.status_code == 200
    assert AuditEvent.objects.get(subscription_id=world.subscription.pk).actor_role


@pytest.mark.parametrize("role", ["sales_agent", "billing_admin"])
def test_r2_roles_that_do_not_choose(world, role):
    api = Caller(bearer(world.provider.organisation, role))

    response = api.put(contact_uri(world.subscription), {"supportTenantId": str(world.trey.pk)})

    assert response.status_code == 403
    assert response.json()["code"] == 900150
    assert unchanged(world) == (0, 0)


def test_r11_visible_comes_before_may_and_before_the_body(world):
    api = Caller(bearer(world.provider.organisation, "sales_agent"))

    assert api.put(contact_uri(SubscriptionFactory()), b"{").status_code == 404
    assert api.put(contact_uri(world.subscription), b"{").status_code == 403


def test_r12_a_foreign_provider_and_the_reseller_itself_choose_nothing(world):
    other = ProviderFactory()
    for partner in (world.trey, other):
        api = Caller(bearer(partner.organisation))
        body = {"supportTenantId": str(partner.pk)}
        assert api.put(contact_uri(world.subscription), body).status_code == 404
    assert unchanged(world) == (0, 0)


# -- repeated


def test_trap_17_the_same_call_again_is_one_change_and_one_answer(world, put, alpine):
    """Java sends a call again under its MS-RequestId; what somebody else chose in between stands."""
    request_id = str(uuid.uuid4())
    first = put({"supportTenantId": str(world.trey.pk)}, MS_RequestId=request_id)
    put({"supportTenantId": str(alpine.pk)})

    again = put({"supportTenantId": str(world.trey.pk)}, MS_RequestId=request_id.upper())

    assert (again.status_code, again.content, again["ETag"]) == (200, first.content, first["ETag"])
    assert open_partner(world) == alpine
    assert unchanged(world) == (2, 2)


def test_trap_17_the_same_id_with_another_body_is_another_call(world, put, alpine):
    request_id = str(uuid.uuid4())
    put({"supportTenantId": str(world.trey.pk)}, MS_RequestId=request_id)

    assert put({"supportTenantId": str(alpine.pk)}, MS_RequestId=request_id).status_code == 200
    assert open_partner(world) == alpine


def test_trap_17_the_same_id_with_another_if_match_is_the_same_call(world, put, alpine):
    """The call is credential, method, address and body: a condition that was met once is not asked again. A new
    decision is a new MS-RequestId; one that was refused is kept nowhere and may be sent again with the etag of now."""
    request_id, body = str(uuid.uuid4()), {"supportTenantId": str(world.trey.pk)}
    stale = put({"supportTenantId": str(alpine.pk)}).json()["attributes"]["etag"]
    put({"supportTenantId": str(world.provider.pk)})
    assert refusal(put(body, MS_RequestId=request_id, If_Match=stale)) == (2055, ["conflict"])
    latest = put({"supportTenantId": str(world.provider.pk)}).json()["attributes"]["etag"]
    first = put(body, MS_RequestId=request_id, If_Match=latest)
    put({"supportTenantId": str(alpine.pk)})

    again = put(body, MS_RequestId=request_id, If_Match=stale)

    assert (again.status_code, again.content) == (200, first.content)
    assert open_partner(world) == alpine


def test_trap_17_a_refusal_is_not_kept_and_five_of_them_leave_no_trace(world, put):
    """§9.1.3: Java sends every refused call five times; what is put right meanwhile counts."""
    request_id, body = str(uuid.uuid4()), {"supportTenantId": str(world.trey.pk)}
    lifted = PartnerSuspensionFactory(partner=world.trey)
    for _again in range(5):
        assert refusal(put(body, MS_RequestId=request_id)) == (800016, ["reseller_suspended"])
    assert unchanged(world) == (0, 0)
    lifted.delete()

    assert put(body, MS_RequestId=request_id).status_code == 200


def test_trap_17_who_was_revoked_gets_no_stored_answer(world, put, api):
    request_id, body = str(uuid.uuid4()), {"supportTenantId": str(world.trey.pk)}
    put(body, MS_RequestId=request_id)
    world.relationship.ended_at, world.relationship.ended_as = timezone.now(), "ended"
    world.relationship.save()

    assert put(body, MS_RequestId=request_id).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_trap_15_no_other_method_exists(world, api, method):
    response = api.call(method, contact_uri(world.subscription), {})

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, OPTIONS, PUT"
