import pytest
from django.template import engines
from django.template.exceptions import TemplateDoesNotExist
from django.test import RequestFactory, override_settings
from django_htmx.middleware import HtmxDetails

from portal.htmx import render_page

PAGE = "<main>{% partialdef content inline %}<p>{{ name }}</p>{% endpartialdef %}</main>"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [("django.template.loaders.locmem.Loader", {"page.html": PAGE})],
                )
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]


@pytest.fixture(autouse=True)
def one_template():
    with override_settings(TEMPLATES=TEMPLATES):
        yield
    assert engines


def page(fragment="content", **headers):
    request = RequestFactory().get("/customers/", headers=headers)
    request.htmx = HtmxDetails(request)
    return render_page(request, "page.html", {"name": "Contoso <Ltd>"}, fragment=fragment, status=422)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Request": "true", "HX-Boosted": "true"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
    ],
)
def test_render_page_gives_the_whole_page(headers):
    assert page(**headers).content == b"<main><p>Contoso &lt;Ltd&gt;</p></main>"


def test_render_page_gives_the_fragment_to_a_swap():
    assert page(**{"HX-Request": "true"}).content == b"<p>Contoso &lt;Ltd&gt;</p>"


def test_render_page_says_what_it_depends_on():
    response = page()

    assert response["Vary"] == "HX-Request, HX-Boosted, HX-History-Restore-Request"
    assert response.status_code == 422


def test_render_page_without_such_a_fragment():
    with pytest.raises(TemplateDoesNotExist):
        page(fragment="nope", **{"HX-Request": "true"})


def test_render_page_without_htmx_on_the_request():
    response = render_page(RequestFactory().get("/"), "page.html")

    assert response.content == b"<main><p></p></main>"
