"""Every route by name: whom it serves, which roles it asks for, and how to call it so that it works.

This is DESIGN §6 and §7 written a second time, by hand. A route that is not here fails the matrix. Statuses follow
from four questions: may the method, is somebody signed in, is it their kind of organisation, is the row theirs (404),
does the role allow it (403).
"""

from tests.architecture import (
    api_routes,
    relations,
    routes_activity,
    routes_contacts,
    routes_credentials,
    routes_probes,
    routes_relationships,
    routes_webhooks,
)
from tests.architecture.cast import BUYERS, PARTNERS, RESELLERS, SELLERS, Person
from tests.architecture.entry import ALL, ASSIGN, EDIT, MANAGE, READ, VIEW, Entry, Status, organisation
from tests.architecture.relations import NOWHERE, Target
from tests.architecture.world import PASSWORD, World


def _choice(world: World, person: Person, target: Target) -> dict[str, object]:
    """Back to the provider: a change for every subscription of the world."""
    row = target.subject
    return {"partner": row.provider_id, "version": row.contact_version, **organisation(world, person)}


def _roles(world: World, person: Person, target: Target) -> dict[str, object]:
    role = "helpdesk_agent" if str(target.subject) in PARTNERS else "service_support_admin"
    return {"roles": [role], **organisation(world, person)}


def _invitation(world: World, person: Person, target: Target) -> dict[str, object]:
    role = "helpdesk_agent" if person.organisation in PARTNERS else "service_support_admin"
    return {"email": "new@people.example", "roles": [role], **organisation(world, person)}


def _profile(world: World, person: Person, target: Target) -> dict[str, object]:
    return {"telephone": "+33 1 99 00 99 99", "time_zone": "Europe/Paris", **organisation(world, person)}


def _passwords(world: World, person: Person, target: Target) -> dict[str, object]:
    new = "another-long-sentence-of-words"
    return {"oldpassword": PASSWORD, "password1": new, "password2": new}


def _new_person(world: World, person: Person, target: Target) -> dict[str, object]:
    new = "another-long-sentence-of-words"
    return {"name": "Somebody new", "password1": new, "password2": new}


def _sign_in(world: World, person: Person, target: Target) -> dict[str, object]:
    return {"login": world.users["nobody"].email, "password": PASSWORD}


def _first_page(person: Person, target: Target) -> int:
    only_buys = person.organisation in BUYERS and person.organisation not in PARTNERS
    return 302 if only_buys and person.role in READ else 200


def _join(method: str) -> Status:
    def status(person: Person, target: Target) -> int:
        if not target.is_visible:
            return 404
        if method == "GET":
            return 200
        if not person.is_signed_in:  # a new person joins; one with an account has to sign in
            return 302 if target.subject == "new" else 422
        return 302 if person.name == target.subject else 403

    return status


def _in_or_out(inside: int, outside: int) -> Status:
    return lambda person, target: inside if person.is_signed_in else outside


#: The route's name → who, what, how.
ROUTES: dict[str, Entry] = {
    # Getting in and out, and the frame's own forms.
    "home": Entry(None, get=_first_page),
    "account_login": Entry(None, get=_in_or_out(302, 200), post=302, fields=_sign_in),
    # Only between the two steps of an operator's sign-in; tests/portal/test_operator_admin.py goes through it.
    "mfa_authenticate": Entry(None, get=302, post=302),
    "account_logout": Entry(None, post=302),
    "demo-sign-in": Entry(  # outside the demo there is no such page; test_doors.py opens it
        None, post=404, fields=lambda world, person, target: {"user": world.users["demo"].pk}
    ),
    "account_reset_password": Entry(
        None, get=200, post=302, fields=lambda world, person, target: {"email": "nobody@people.example"}
    ),
    "account_reset_password_done": Entry(None, get=200),
    "account_reset_password_from_key": Entry(None, targets=relations.password_keys, get=302, post=302),
    "account_reset_password_from_key_done": Entry(None, get=200),
    "account_change_password": Entry(None, get=_in_or_out(200, 302), post=302, fields=_passwords),
    "join": Entry(
        None,
        targets=relations.tokens,
        get=_join("GET"),
        post=_join("POST"),
        fields=_new_person,
        answers_itself=True,
    ),
    "language": Entry(None, post=302, fields=lambda world, person, target: {"language": "fr"}),
    "switch-organisation": Entry(
        ALL,
        targets=relations.organisations,
        post=302,
        fields=lambda world, person, target: dict(target.fields),
    ),
    "preferences": Entry(
        ALL, get=200, post=302, fields=lambda world, person, target: {"name": "A new name", "language": "en"}
    ),
    "mail-off": Entry(None, targets=relations.mail_signatures, get=200, post=302),
    "demo-mail": Entry(None, get=404),  # only in the demo
    "demo-mail-html": Entry(None, targets=lambda world, person: [Target("own", (NOWHERE,))], get=404),
    # The organisation's own pages.
    "organisation:profile": Entry(ALL, get=200),
    "organisation:change-profile": Entry(frozenset(PARTNERS), EDIT, get=302, post=302, fields=_profile),
    "organisation:preview-profile": Entry(frozenset(PARTNERS), EDIT, post=200, fields=_profile),
    "organisation:mail": Entry(ALL, EDIT | MANAGE, get=200),
    "organisation:members": Entry(ALL, MANAGE, get=200),
    "organisation:invite": Entry(ALL, MANAGE, post=200, fields=_invitation),
    "organisation:member": Entry(ALL, MANAGE, targets=relations.members, get=200, post=302, fields=_roles),
    "organisation:remove-member": Entry(
        ALL,
        MANAGE,
        targets=relations.members,
        get=200,
        post=302,
        fields=lambda world, person, target: organisation(world, person),
    ),
    "organisation:withdraw-invitation": Entry(
        ALL,
        MANAGE,
        targets=relations.invitations,
        post=302,
        fields=lambda world, person, target: organisation(world, person),
    ),
    # Customers, for the agents of who sells.
    "customers:list": Entry(SELLERS, VIEW, get=200),
    "customers:detail": Entry(SELLERS, VIEW, targets=relations.customers, get=200),
    "customers:preview": Entry(SELLERS, VIEW, targets=relations.customers, get=200),
    "customers:subscription": Entry(SELLERS, VIEW, targets=relations.sales, get=200),
    "customers:choose": Entry(SELLERS, ASSIGN, targets=relations.sales, get=303, post=303, fields=_choice),
    "customers:verify": Entry(SELLERS, VIEW, targets=relations.events, get=200),
    # What customers and resellers see.
    "support_contacts:whom-to-call": Entry(BUYERS, READ, get=200),
    "support_contacts:duties": Entry(RESELLERS, VIEW, get=200),
    **routes_relationships.ROUTES,
    **routes_activity.ACTIVITY,
    **routes_contacts.ROUTES,
    **routes_credentials.CREDENTIALS,
    **routes_webhooks.WEBHOOKS,
    **routes_probes.PROBES,
    **api_routes.PAGES,
}
#: Patterns of others, which declare no audience of ours, each with its reason.
NOT_OURS: dict[str, str] = {}
