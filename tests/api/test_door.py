"""How calls come in: paths, names, methods, who is asked first; and what every answer carries."""

import pytest

pytestmark = pytest.mark.django_db


def test_an_unknown_route_is_json_404(client):
    response = client.get("/v1/no-such-thing")
    assert response.status_code == 404
    assert response.json()["code"] == 1000


def test_nobody_is_401_with_a_challenge(client):
    client.secret = ""
    assert client.get("/v1/customers").status_code == 401
