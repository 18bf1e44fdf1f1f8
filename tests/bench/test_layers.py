"""Where the time of our pages goes: a profile by layer, printed. Nothing to pass but that every page answers."""

import pytest
from django.conf import settings
from django.http.cookie import parse_cookie
from django.test import Client

from tests.bench.layers import layers
from tests.bench.test_pages import shop  # noqa: F401 - a fixture

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

CALLS = 30


def test_the_layers_of_a_page(shop):  # noqa: F811
    client = Client()
    name = settings.SESSION_COOKIE_NAME
    client.cookies[name] = parse_cookie(shop.cookie)[name]
    for address in (shop.subscription, "/customers/"):
        for _warm in range(3):
            assert client.get(address).status_code == 200
        found = layers(lambda address=address: client.get(address), calls=CALLS)
        print(f"\n{address}")
        for layer, share in found.items():
            print(f"  {share:6.1%}  {layer}")
        assert abs(sum(found.values()) - 1) < 0.001
