"""What tests of a provider's resellers share: resellers, requests, and what a page says."""

from types import SimpleNamespace

from portal.operations import resellers as operations
from portal.permissions import Role
from tests.factories import MembershipFactory, OrganisationFactory, ResellerFactory
from tests.pages import text
from tests.support_contacts.conftest import acting

LIST = "/resellers/"
REQUEST = "/resellers/request/"
AGREEMENT = {
    "agreement_reference": "FD-7",
    "agreement_scope": "Second level",
    "agreement_valid_until": "2027-06-30",
    "escalation_contact": "Duty manager",
}


def member_of(partner, *roles):
    return MembershipFactory(organisation=partner.organisation, roles=list(roles))


def reseller(name, **more):
    return ResellerFactory(organisation=OrganisationFactory(name=name), **more)


def request_of(fabrikam, relecloud, **more):
    by = acting(member_of(fabrikam, Role.ADMIN_AGENT))
    return operations.request_reseller_relationship(relecloud, acting=by, **more).relationship


def said(client, response):
    """The page a step leads to."""
    assert response.status_code == 303, text(response)[:2000]
    return text(client.get(response["Location"]))


def posted(fabrikam, row=None, **more):
    form = {"organisation": str(fabrikam.pk), **more}
    return form | {"relationship": str(row.pk)} if row else form


def waiting_reseller(fabrikam):
    """ReleCloud, asked and not yet answered."""
    relecloud = reseller("ReleCloud")
    row = request_of(fabrikam, relecloud)
    return SimpleNamespace(reseller=relecloud, row=row, url=f"{LIST}{relecloud.pk}/")
