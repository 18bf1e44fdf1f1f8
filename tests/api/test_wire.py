"""Bodies in and answers out: marks, case, what cannot be stored; instants, links, collections, filters, pages."""

import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote
from uuid import UUID

import pytest

from portal.api import wire
from portal.keyset import Cursor

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.echo")]


# -- bodies in


def test_a_byte_order_mark_and_spaces_are_read_over(client):
    assert client.put("/v1/echo", b'\xef\xbb\xbf {"A":1} \n').json() == {"body": {"a": "1"}}


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "text/plain", "", "x/y"]
)
def test_any_content_type_is_read(client, kind):
    assert client.put("/v1/echo", b'{"a":1}', content_type=kind).json() == {"body": {"a": "1"}}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_is_not_taken_for_one(client, kind):
    assert client.put("/v1/echo", b'{"a":1}', content_type=kind).json() == {"body": {"a": "1"}}
    assert client.put("/v1/echo", b"a=1", content_type=kind).json()["data"] == ["not_json"]


def test_a_get_may_say_that_it_is_json(client):
    """msrest does, without a body."""
    assert client.get("/v1/echo", content_type="application/json").status_code == 200


@pytest.mark.parametrize("body", [b"", b"  ", b"\xef\xbb\xbf"])
def test_no_body_is_an_empty_one(client, body):
    assert client.put("/v1/echo", body).json() == {"body": {}}


def test_names_are_read_in_any_case_and_the_last_one_counts(client):
    body = b'{"SupportTenantId":"a","supportTENANTid":"b","Links":{"Self":{"Uri":"x"}}}'
    found = client.put("/v1/echo", body).json()["body"]
    assert found["supporttenantid"] == "b"
    assert found["links"] == "{'self': {'uri': 'x'}}"
    assert wire.member({"supporttenantid": "b"}, "supportTenantId") == "b"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not_json"),
        (b"{'a':1}", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":-Infinity}', "not_json"),
        (b'{"a":1e999}', "not_json"),
        (b'{"a":' + b"9" * 5000 + b"}", "not_json"),
        (b'{"a":1} x', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"a":' * 100_000, "not_json"),
        (b"[]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"1", "not_an_object"),
        (b'{"a":"\\u0000"}', "bad_character"),
        (b'{"\\u0000":1}', "bad_character"),
        (b'{"a":["\\ud800"]}', "bad_character"),
        (b'{"a":"\\udc00\\ud800"}', "bad_character"),
        (b'{"a":9223372036854775808}', "number_too_large"),
        (b'{"a":1e30}', "number_too_large"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
    ],
)
def test_a_body_that_cannot_be_meant_is_400(client, body, reason):
    response = client.put("/v1/echo", body)
    assert response.status_code == 400
    assert response.json()["code"] == 800002
    assert response.json()["data"] == [reason]


def test_whole_characters_are_read_however_they_are_written(client):
    said = client.put("/v1/echo", b'{"a":"\\ud83d\\ude00 \xc3\xa9"}').json()
    assert said == {"body": {"a": "😀 é"}}


def test_a_body_that_is_too_large_is_400(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.put("/v1/echo", {"a": "x" * 200})
    assert response.status_code == 400
    assert response.json()["data"] == ["too_large"]


# -- answers out


def test_what_is_not_there_is_left_out():
    assert wire.encoded({"a": None, "b": {"c": None}, "d": [{"e": None}], "f": "é"}) == (
        '{"b":{},"d":[{}],"f":"é"}'.encode()
    )


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 9, 0, 0, 123456, UTC), "2026-11-22T09:00:00.123456Z"),
        (datetime(2026, 11, 22, 9, 0, 0, 123000, UTC), "2026-11-22T09:00:00.123Z"),
        (datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=2))), "2026-11-22T07:00:00.000Z"),
        (None, None),
    ],
)
def test_instants_have_a_t_and_a_z(moment, text):
    assert wire.instant(moment) == text


def test_what_never_ends_ends_in_9999():
    assert wire.instant(None, never_ends=True) == "9999-12-10T00:00:00Z"


def test_the_last_page_has_no_next_and_no_token():
    """Its mere presence means more pages, without end."""
    body = json.loads(wire.answer(wire.collection([{"id": "1"}], self_uri="/customers")).content)
    assert body == {
        "totalCount": 1,
        "items": [{"id": "1"}],
        "links": {"self": {"uri": "/customers", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Collection"},
    }


def test_a_page_before_the_last_has_the_token_in_both_places():
    body = wire.collection([], self_uri="/customers", next_uri="/customers?seekOperation=Next", token="abc")
    assert body["links"]["next"] == {
        "uri": "/customers?seekOperation=Next",
        "method": "GET",
        "headers": [{"key": "MS-ContinuationToken", "value": "abc"}],
    }
    assert body["continuationToken"] == "abc"


# -- filters

MEANT = {"field": "companyname", "value": "Cont", "operator": "startswith"}


@pytest.mark.parametrize(
    "text",
    [
        '{"Field":"CompanyName","Value":"Cont","Operator":"starts_with"}',
        '{"operator":"StartsWith","field":"CompanyName","value":"Cont","fieldType":"string"}',
        '{"FIELD":"company_name","VALUE":"Cont","OPERATOR":"STARTS_WITH"}',
        ' {"Field":"CompanyName","Value":"Cont","Operator":"starts_with"} ',
    ],
)
@pytest.mark.parametrize("times", [1, 2])
def test_filters_of_every_client_are_the_same(client, text, times):
    for _time in range(times):
        text = quote(text)
    assert client.get(f"/v1/list?size=0&filter={text}").json()["filter"] == MEANT


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "1", '"x"', "{}", '{"Field":1,"Value":"x","Operator":"y"}', "%7B", '{"Field":"a"}', "[[[["],
)
def test_a_filter_that_cannot_be_read_is_400(client, text):
    response = client.get(f"/v1/list?filter={quote(text)}")
    assert response.status_code == 400
    assert response.json()["data"] == ["filter_unreadable"]


def test_an_empty_filter_is_none(client):
    assert "filter" not in client.get("/v1/list?filter=").json()


# -- pages


@pytest.mark.parametrize(("size", "rows"), [("", 500), ("0", 500), ("1", 1), ("500", 500), (" 40 ", 40)])
def test_no_size_and_size_0_are_the_largest_page(client, size, rows):
    assert client.get(f"/v1/list?size={size.replace(' ', '%20')}").json()["size"] == rows


@pytest.mark.parametrize("size", ["501", "-1", "x", "1.5", "9" * 30, "٣"])
def test_any_other_size_is_400(client, size):
    response = client.get(f"/v1/list?size={quote(size)}")
    assert response.status_code == 400
    assert response.json()["data"] == ["size"]


TOKEN = str(Cursor("contoso", UUID("01a2044d-1246-7844-a867-5303972fd3be"), 40))


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?seekOperation=Next", {"MS-ContinuationToken": TOKEN}),
        ("?seekoperation=next", {"MS-ContinuationToken": TOKEN}),
        ("", {"MS-ContinuationToken": TOKEN}),
        ("", {"MS-ContinuationToken": TOKEN, "seekOperation": "Next"}),
        (f"?continuationToken={TOKEN}", {}),
    ],
)
def test_the_token_is_read_where_clients_put_it(client, query, headers):
    assert client.get(f"/v1/list{query}", headers=headers).json()["after"] == "contoso"


def test_pages_are_turned_back_and_to_the_first(client):
    headers = {"MS-ContinuationToken": TOKEN}
    assert client.get("/v1/list?seekOperation=Previous", headers=headers).json()["before"] == "contoso"
    first = client.get("/v1/list?seekOperation=First", headers=headers).json()
    assert "after" not in first
    assert "before" not in first


def test_what_no_cursor_is_and_other_ways_of_turning_are_400(client):
    assert client.get("/v1/list?continuationToken=x").json()["data"] == ["continuation_token"]
    assert client.get("/v1/list?seekOperation=PageIndex").json()["data"] == ["seek"]
