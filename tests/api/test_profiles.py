"""`/v1/profiles/…`: the support profile, read and written, and partners by PartnerID."""

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.forms.profile import SupportProfileForm
from portal.models import AuditEvent, SupportProfile
from portal.permissions import Role
from tests.api.asking import refused
from tests.factories import (
    PartnerFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SupportProfileFactory,
)

pytestmark = pytest.mark.django_db

SUPPORT = "/v1/profiles/support"
DOCUMENTED = "/v1/profiles/supportprofile"
BOTH = [SUPPORT, DOCUMENTED]


@pytest.fixture
def stored(provider):
    return SupportProfileFactory(
        partner=provider, email="desk@fabrikam.example", website="www.fabrikam.example"
    )


def shape(**members):
    return {
        "email": "",
        "telephone": "",
        "website": "",
        "profileType": "support_profile",
        "links": {"self": {"uri": "/profiles/support", "method": "GET", "headers": []}},
        "attributes": {"objectType": "PartnerSupportProfile"},
    } | members


def changes():
    """Changes of a profile, first one first; the integration itself was recorded before."""
    return AuditEvent.objects.filter(action="support_profile.changed").order_by("at")


# -- read


@pytest.mark.parametrize("path", BOTH)
def test_profile_in_microsofts_shape(client, stored, path):
    """Traps 25, 9.3: at both addresses; email and profileType are read by clients. A site without a scheme is legal."""
    assert client.get(path).json() == shape(
        email="desk@fabrikam.example", telephone="+33 1 99 00 47 10", website="www.fabrikam.example"
    )


def test_profile_nobody_has_written_is_empty_text(client, provider):
    """Trap 6: text, not null, and never 404."""
    assert client.get(SUPPORT).json() == shape()


def test_profile_is_the_callers_own(client, stored, caller):
    other = ProviderFactory()
    SupportProfileFactory(partner=other, email="other@proseware.example")
    assert caller(other.organisation).get(SUPPORT).json()["email"] == "other@proseware.example"
    assert client.get(SUPPORT).json()["email"] == "desk@fabrikam.example"


# -- written


@pytest.mark.parametrize("path", BOTH)
def test_put_writes_and_answers_what_stands(client, provider, path):
    """Traps 25, 9.1.6: 200 with the body, at both addresses."""
    body = {"email": "a@fabrikam.example", "telephone": "01 99 00 47 10", "website": "www.fabrikam.example"}
    response = client.put(path, body)
    assert response.json() == shape(**body) == client.get(SUPPORT).json()
    event = changes().get()
    assert (event.actor_kind, event.channel, event.actor_role) == ("integration", "api", "admin_agent")
    assert event.after == body
    assert SupportProfile.objects.get().updated_at is not None


def test_put_of_what_get_returned_writes_nothing(client, stored):
    """Trap 3: .NET's sample puts back exactly what it got; nothing is written and nothing recorded."""
    body = client.get(SUPPORT).json()
    with CaptureQueriesContext(connection) as captured:
        assert client.put(SUPPORT, body).json() == body
    written = [q["sql"].split()[:3] for q in captured if q["sql"].split()[0] in ("INSERT", "UPDATE")]
    assert all("portal_ratelimit" in " ".join(words) for words in written), written
    assert not changes().exists()


@pytest.mark.parametrize(
    "body",
    [
        {"Email": "new@fabrikam.example"},
        {"EMAIL": "new@fabrikam.example", "Telephone": None, "Links": {"Self": None}, "ProfileType": "x"},
        {"email": "new@fabrikam.example", "attributes": {"objectType": "Nonsense"}, "languages": ["xx"]},
    ],
)
def test_what_is_left_out_or_null_or_not_microsofts_stays(client, stored, body):
    """Traps 3, 4, 5: names in any case; links and attributes ignored; hours and languages are ours and untouched."""
    assert client.put(SUPPORT, body).status_code == 200
    found = SupportProfile.objects.get()
    assert (found.email, found.telephone, found.website) == (
        "new@fabrikam.example",
        stored.telephone,
        stored.website,
    )
    assert (found.languages, found.week, found.time_zone) == (stored.languages, stored.week, stored.time_zone)


def test_empty_text_takes_away(client, stored):
    assert client.put(SUPPORT, {"website": ""}).json()["website"] == ""
    assert changes().get().before == {"website": "www.fabrikam.example"}


def test_body_with_a_byte_order_mark(client, provider):
    """Trap 19."""
    body = b"\xef\xbb\xbf" + json.dumps({"email": "a@fabrikam.example"}).encode()
    assert client.put(SUPPORT, body, content_type="text/plain").json()["email"] == "a@fabrikam.example"


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"email": "desk"}, "email"),
        ({"Email": "a@b.example" * 40}, "email"),
        ({"website": "not a site"}, "website"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"telephone": "1" * 51}, "telephone"),
        ({"telephone": 4255550100}, "telephone"),
        ({"email": ["a@b.example"]}, "email"),
        ({"website": {"uri": "x"}}, "website"),
        ({}, "email"),
        ({}, "telephone"),
        ({"supportEmail": "a@b.example"}, "telephone"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(client, stored, body, member):
    refused(client.put(SUPPORT, body), 3000, member)
    assert not changes().exists()


def test_one_sentence_is_said_once(client, stored):
    """It is about three members, and each of them is named."""
    fault = refused(client.put(SUPPORT, {}), 3000, "email", "telephone", "website")
    assert fault["description"] == "Say an email, a telephone or a website."


@pytest.mark.parametrize("typed", ["garbage", "ask for Sam", "12"])
def test_a_telephone_nobody_can_dial_is_kept_as_typed_and_flagged_as_on_the_page(client, provider, typed):
    """DESIGN §5: what does not parse is kept as text. The page takes the same and flags it, too."""
    response = client.put(SUPPORT, {"telephone": typed})
    assert (
        response.json()
        == shape(telephone=typed, portalTelephoneIsDialable=False)
        == client.get(SUPPORT).json()
    )
    assert SupportProfile.objects.get().telephone == typed
    assert SupportProfileForm({"telephone": typed}, partner=provider).errors.keys() <= {"time_zone"}
    assert "portalTelephoneIsDialable" not in client.put(SUPPORT, {"telephone": "+33 1 99 00 47 10"}).json()


def test_refusal_speaks_the_callers_language_and_names_the_member_alike(client, provider):
    english = refused(client.put(SUPPORT, {"email": "desk"}), 3000, "email")
    french = refused(client.put(SUPPORT, {"email": "desk"}, headers={"X-Locale": "fr-FR"}), 3000, "email")
    assert english["data"] == french["data"]


def test_what_stands_already_is_not_judged_again(client, stored):
    """Trap 3: an imported site the form would refuse may be put back as it was got."""
    SupportProfile.objects.update(website="www.a_b.example")
    body = client.get(SUPPORT).json()
    assert client.put(SUPPORT, body | {"email": "new@fabrikam.example"}).status_code == 200
    assert SupportProfile.objects.get().website == "www.a_b.example"


def test_same_request_id_has_one_effect(client, stored):
    """Trap 17: a client that repeats its call gets the stored answer, whatever was written since."""
    headers = {"MS-RequestId": str(uuid.uuid4())}
    first = client.put(SUPPORT, {"email": "one@fabrikam.example"}, headers=headers)
    client.put(SUPPORT, {"email": "two@fabrikam.example"})
    assert client.put(SUPPORT, {"email": "one@fabrikam.example"}, headers=headers).content == first.content
    assert SupportProfile.objects.get().email == "two@fabrikam.example"
    assert changes().count() == 2
    assert changes()[0].request_id == headers["MS-RequestId"]


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        (Role.GLOBAL_ADMIN, 200, 200),
        (Role.ADMIN_AGENT, 200, 200),
        (Role.HELPDESK_AGENT, 200, 403),
        (Role.SALES_AGENT, 200, 403),
        (Role.BILLING_ADMIN, 200, 403),
    ],
)
def test_roles_that_write_the_profile(caller, organisation, role, read, write):
    integration = caller(organisation, role)
    for path in BOTH:
        assert integration.get(path).status_code == read
        assert integration.put(path, {"email": "a@fabrikam.example"}).status_code == write
    if write == 403:
        assert not SupportProfile.objects.exists()
        refused(integration.put(SUPPORT, {"email": "not an address"}), 900150, status=403)


# -- PartnerIDs


def test_own_partner_id(client, provider):
    """§2.6, trap 13: text."""
    own = {
        "mpnId": provider.partner_id,
        "partnerName": "Fabrikam Distribution",
        "profileType": "MpnProfile",
        "links": {
            "self": {"uri": f"/profiles/mpn?mpnId={provider.partner_id}", "method": "GET", "headers": []}
        },
        "attributes": {"objectType": "MpnProfile"},
    }
    assert client.get("/v1/profiles/mpn").json() == own
    assert client.get(f"/v1/Profiles/MPN?MPNID={provider.partner_id}").json() == own


@pytest.mark.parametrize("since", ["established", "ended"])
def test_partner_id_of_a_partner_related_to_us(client, provider, since):
    """R4: any past or present relationship; name and number alone. Trap 13: leading zeros count."""
    reseller = ResellerFactory(name="Trey Research", partner_id="0550123")
    gone = {"ended_at": timezone.now(), "ended_as": "ended"} if since == "ended" else {}
    ResellerRelationshipFactory(provider=provider, reseller=reseller, **gone)
    body = client.get("/v1/profiles/mpn?mpnId=0550123").json()
    assert (body["mpnId"], body["partnerName"]) == ("0550123", "Trey Research")
    refused(client.get("/v1/profiles/mpn?mpnId=550123"), 3000, "partner_unknown", status=404)


def test_partner_id_of_a_stranger_and_of_nobody_are_one_answer(client, provider):
    """R4, R11: 404 with Microsoft's 3000, same body, same queries."""
    ResellerFactory(partner_id="7770001")
    client.get(SUPPORT)
    said = []
    for number in ("7770001", "7770002"):
        with CaptureQueriesContext(connection) as captured:
            fault = refused(client.get(f"/v1/profiles/mpn?mpnId={number}"), 3000, status=404)
        said.append((fault, len(captured)))
    assert said[0] == said[1]


@pytest.mark.parametrize("said", ["abc", "55 01", "%D9%A3", "-1", "1.0"])
def test_partner_id_is_digits(client, provider, said):
    refused(client.get(f"/v1/profiles/mpn?mpnId={said}"), 800002, "mpnId")


def test_partner_without_a_number(caller):
    partner = PartnerFactory(name="New", is_indirect_provider=True, partner_id="")
    body = caller(partner.organisation).get("/v1/profiles/mpn").json()
    assert (body["mpnId"], body["links"]["self"]["uri"]) == ("", "/profiles/mpn")
