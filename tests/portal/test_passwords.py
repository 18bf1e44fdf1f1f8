import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import settings as thorough
from hypothesis import strategies as st

from portal.models import Membership, Organisation, User
from portal.passwords import ContextBlocklistValidator, context_words
from portal.permissions import Role


class Person:
    """Somebody who is not stored yet, as a form has them."""

    def __init__(self, email="", name="", context=()):
        self.email, self.name, self.password_context = email, name, context


LEA = Person("lea.fontaine@fabrikam.example", "Léa Fontaine", ["Fabrikam Distribution", "fabrikam.example"])


def code_of(password: str, user: object = None) -> str:
    with pytest.raises(ValidationError) as refused:
        ContextBlocklistValidator().validate(password, user)
    return refused.value.code


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "correct-horse-battery",
        "CorrectHorseBattery",
        "le chat dort sous la pluie",
        "猫は雨の下で静かに眠っている夜中に",
        "!#%&/()=?*+-_:;,.<>|~^",
        "xK9#mQ2$vL7!pR4",
        "8273645190573648",
        "fabrikam is where my heron sleeps",
        "contact lens banana volcano",
        "qwerty umbrella seven doors",
        "1984 gooseberries over Lyon",
        "lea met four penguins there",
        "🦉🌲🥧🚲🎻🪐🦀🌵🧭🪁🎲🧶🪴🛶🧊",
    ],
)
def test_a_phrase_of_its_own_is_accepted(password):
    assert ContextBlocklistValidator().validate(password, LEA) is None


@pytest.mark.parametrize(
    "password",
    [
        "a" * 15,
        "abcabcabcabcabc",
        "ab1ab1ab1ab1ab1ab",
        "mouse mouse mouse mouse",
        "Mouse-mouse-MOUSE-mouse",
        "               ",
        "...............",
        "xxxxxyyyyyzzzzz",
        "éééééééééééééééé",
        "🦉" * 15,
        "\u200b" * 20,
        "a" * 100_000,
    ],
)
def test_repeats_are_refused(password):
    assert code_of(password) == "password_repeats"


@pytest.mark.parametrize(
    "password",
    [
        "123456789012345",
        "987654321098765",
        "qwertyuiopasdfg",
        "azertyuiopqsdfg",
        "qwertzuiopasdfgh",
        "abcdefghijklmnop",
        "ZYXWVUTSRQPONML",
        "1qaz2wsx3edc4rfv",
        "qwerty-123456-asdfg",
        "1-2-3-4-5-6-7-8-9-0",
        "abcd1234efgh5678",
        "qwertyuiop!123456789",
    ],
)
def test_sequences_are_refused(password):
    assert code_of(password) == "password_sequence"


@pytest.mark.parametrize(
    "password",
    [
        "fabrikam-distribution",
        "FabrikamDistribution2026!",
        "Distribution.Fabrikam.1",
        "F4br1k4m-D1str1but10n",
        "lea.fontaine@fabrikam.example",
        "LéaFontaine1984!!",
        "fontaine-fontaine-lea",
        "fabrikam123456789",
        "fabrikam!qwertyuiop",
        "f-a-b-r-i-k-a-m-2026",
        "partner-portal-2026",
        "Microsoft-Support-1",
        "PasswordPassword1",
        "p@ssw0rd-f0r-p0rtal",
        "MotDePasse-Portail",
        "iloveyouiloveyou",
        "Welcome-Fabrikam-2027",
    ],
)
def test_names_that_anybody_would_try_are_refused(password):
    assert code_of(password, LEA) == "password_context"


def test_names_of_others_are_no_context():
    validator = ContextBlocklistValidator()

    assert validator.validate("fabrikam-distribution", Person("sam@contoso.example", "Sam")) is None
    assert validator.validate("fabrikam-distribution") is None


@pytest.mark.parametrize(
    "password", ["demo-portal-2026", "Demo-Portal-2026!", "demoportal2026", " demo portal 2026 "]
)
def test_the_demo_password_is_refused_outside_the_demo(settings, password):
    settings.DEMO = False

    assert code_of(password) == "password_demo"


def test_the_demo_password_is_accepted_in_the_demo(settings):
    settings.DEMO = True

    assert ContextBlocklistValidator().validate("demo-portal-2026") is None


def test_messages_are_sentences_that_say_what_to_do():
    with pytest.raises(ValidationError) as refused:
        ContextBlocklistValidator().validate("fabrikam-distribution", LEA)

    assert refused.value.messages == [
        "This password is mostly names of you, your organisation or this product. Add others."
    ]
    with override("fr"):
        assert ContextBlocklistValidator().get_help_text()


@pytest.mark.django_db
def test_the_organisations_of_a_stored_person_are_context(django_assert_num_queries):
    user = User.objects.create_user("sam@example.org", "x", name="Sam")
    organisation = Organisation.objects.create(name="Coho Vineyard", domain="cohovineyard.example")
    Membership.objects.create(organisation=organisation, user=user, roles=[Role.GLOBAL_ADMIN])

    with django_assert_num_queries(1):
        assert code_of("coho-vineyard-2026", user) == "password_context"


def test_a_person_not_stored_yet_needs_no_query():
    assert context_words(User(email="sam@contoso.example", name="Sam")) >= {
        "sam",
        "contoso",
        "contosoexample",
    }


@thorough(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_validate_only_ever_refuses(password):
    try:
        ContextBlocklistValidator().validate(password, LEA)
    except ValidationError as error:
        assert error.code.startswith("password_")  # noqa: PT017 - either outcome is right, nothing else is
