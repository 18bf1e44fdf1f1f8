"""Who may sign in to what was generated."""

from collections.abc import Iterator

from django.contrib.auth.hashers import make_password
from django.db import transaction

from portal.identifiers import uuid7
from portal.models import Membership, Organisation, User
from portal.operations.organisations import new_admin_link
from portal.passwords import DEMO_PASSWORD
from portal.permissions import Role
from support_contacts.generating.run import Generated


def sign_ins(made: Generated, *, demo: bool) -> Iterator[str]:
    """In a demonstration: accounts of the largest provider, the largest reseller and the largest customer, with the
    demonstration's password. Elsewhere: a link for a global admin of the provider."""
    if not demo:
        provider = Organisation.objects.get(pk=made.provider.id)
        link = new_admin_link(provider, admin_email=f"global-admin@{made.provider.domain}")
        yield f"{link.invitation.email} opens this within 7 days: /join/{link.token}/"
        return
    people = (
        ("admin-agent", made.provider, Role.ADMIN_AGENT, made.agent),
        ("admin-agent", made.reseller, Role.ADMIN_AGENT, uuid7()),
        ("admin", made.customer, Role.GLOBAL_ADMIN, uuid7()),
    )
    password = make_password(DEMO_PASSWORD)
    with transaction.atomic():
        for mailbox, organisation, role, pk in people:
            user = User.objects.create(
                id=pk,
                email=f"{mailbox}@{organisation.domain}",
                name=str(role.label),
                password=password,
                is_demo=True,
            )
            Membership.objects.create(organisation_id=organisation.id, user=user, roles=[role.value])
            yield f"{user.email}: {DEMO_PASSWORD}"
