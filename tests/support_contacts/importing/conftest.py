import uuid
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.actor import Actor
from portal.models import AuditEvent, Partner
from support_contacts.operations.importing import import_partner_center
from tests.factories import MembershipFactory, OrganisationFactory, ProviderFactory
from tests.support_contacts.importing import bodies


@pytest.fixture
def provider(db) -> Partner:
    partner = ProviderFactory(
        organisation=OrganisationFactory(name="Fabrikam Distribution"), partner_id="4391507"
    )
    MembershipFactory(organisation=partner.organisation)
    return partner


class Importer:
    """Imports bodies for one partner; every body is a file of its own, `0.json`, `1.json` and so on."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner

    def __call__(self, *said, customer=None, **options):
        files = [(f"{index}.json", bodies.data(body)) for index, body in enumerate(said)]
        return import_partner_center(
            self.partner,
            files=files,
            acting=Actor.operator(self.partner.organisation, channel="import"),
            customer=uuid.UUID(customer) if customer else None,
            **options,
        )

    def again(self, *said, **options):
        """The same import a second time: it must write nothing at all."""
        events = AuditEvent.objects.count()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            report = self(*said, **options)
        written = [
            q["sql"] for q in captured if q["sql"].lstrip().split(" ")[0] in ("INSERT", "UPDATE", "DELETE")
        ]
        assert written == []
        assert AuditEvent.objects.count() == events
        assert not report.wrote
        return SimpleNamespace(report=report, queries=len(captured))


@pytest.fixture
def run(provider) -> Importer:
    return Importer(provider)


@pytest.fixture
def importer_of():
    return Importer


def reasons(report) -> list[str]:
    return [str(line) for line in report.lines]


def codes(report) -> list[str]:
    return [line.code for line in report.lines if line.code]
