"""Routes of relationships between providers, resellers and customers; and of what agents ask and are told."""

from tests.architecture import relations, relations_of_answers, relations_of_contacts, relations_of_requests
from tests.architecture.cast import BUYERS, EMPTY, RESELLERS, SELLERS, Person
from tests.architecture.entry import (
    ALL,
    ASSIGN,
    EDIT,
    READ,
    REQUEST,
    TOP,
    VIEW,
    Entry,
    by_subject,
    carrying,
    organisation,
)
from tests.architecture.relations import Target
from tests.architecture.world import World


def _first_admin(world: World, person: Person, target: Target) -> dict[str, object]:
    return {"email": f"first@{world.organisations[EMPTY].domain}", **organisation(world, person)}


def _arrival(world: World, person: Person, target: Target) -> dict[str, object]:
    password = "another-long-sentence-of-words"
    return {
        "confirmed": target.subject[1].partner_id if target.subject else "7900000",
        "organisation": "An organisation that arrives",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "name": "Somebody new",
        "password1": password,
        "password2": password,
    }


def _arrive(person: Person, target: Target) -> int:
    """Somebody new joins; whoever has an account signs in; nobody uses the link of somebody else."""
    name = target.subject[0]
    if not person.is_signed_in:
        return 303 if name == "new" else 422
    return 303 if person.name == name else 403


def _of_request(person: Person, target: Target) -> int:
    """Delegated admin is asked for, and so taken back, by fewer than a relationship."""
    return 403 if target.subject == "rights" and person.role == "sales_agent" else 303


def _ask_for_rights(person: Person, target: Target) -> int:
    if target.subject == "nobody":
        return 404
    # Whoever may only ask for a relationship is told that delegated admin is no choice of theirs.
    return 422 if person.role == "sales_agent" or target.subject == "refused" else 303


_OVER = by_subject(303, requested=200)
_ENDS = by_subject(303, established=200)

ROUTES: dict[str, Entry] = {
    # Resellers of a provider.
    "resellers:list": Entry(SELLERS, VIEW, get=200),
    "resellers:detail": Entry(SELLERS, VIEW, relations_of_requests.requested_resellers, get=200),
    "resellers:request": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.named_resellers,
        get=200,
        post=by_subject(found=303, ours=303, nobody=404),
        fields=carrying(message="Please"),
        writes="portal_resellerrelationship",
    ),
    "resellers:invite": Entry(
        SELLERS,
        REQUEST,
        post=200,
        fields=carrying(identity="7955555", email="new@invited.example"),
        writes="portal_organisationinvitation",
    ),
    "resellers:agreement": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.established_resellers,
        get=by_subject(200, over=303),
        post=303,
        fields=carrying(agreement_reference="Another"),
        writes="portal_resellerrelationship",
    ),
    "resellers:send": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.requested_resellers,
        post=303,
        fields=carrying(),
        writes="portal_answerlink",
    ),
    "resellers:link": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.requested_resellers,
        post=_OVER,
        fields=carrying(),
        writes="portal_answerlink",
    ),
    "resellers:withdraw": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.requested_resellers,
        get=_OVER,
        post=303,
        fields=carrying(),
        writes="portal_resellerrelationship",
    ),
    "resellers:end": Entry(
        SELLERS,
        TOP,
        relations_of_requests.established_resellers,
        get=_ENDS,
        post=303,
        fields=carrying(),
        writes="portal_resellerrelationship",
    ),
    **{
        f"resellers:invitation-{step}": Entry(
            SELLERS,
            REQUEST,
            relations_of_requests.reseller_invitations,
            post=by_subject(open=200, over=303) if step == "link" else 303,
            fields=carrying(),
            writes="portal_organisationinvitation",
        )
        for step in ("link", "send", "withdraw")
    },
    "organisation-invitation": Entry(
        None,
        targets=relations_of_requests.invitation_tokens,
        get=200,
        post=_arrive,
        fields=_arrival,
        writes="portal_organisationinvitation",
    ),
    # Providers of a reseller.
    "providers:list": Entry(RESELLERS, VIEW, get=200),
    "providers:accept": Entry(
        RESELLERS,
        EDIT,
        relations_of_answers.requests_to_reseller,
        post=303,
        fields=carrying(),
        writes="portal_resellerrelationship",
    ),
    "providers:decline": Entry(
        RESELLERS,
        EDIT,
        relations_of_answers.requests_to_reseller,
        get=_OVER,
        post=303,
        fields=carrying(),
        writes="portal_resellerrelationship",
    ),
    "providers:end": Entry(
        RESELLERS,
        TOP,
        relations_of_answers.established_providers,
        get=_ENDS,
        post=303,
        fields=carrying(),
        writes="portal_resellerrelationship",
    ),
    # What sellers ask of customers.
    "customers:request": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.found_customers,
        get=200,
        post=by_subject(found=303, ours=303, nobody=200),
        fields=carrying(what="relationship"),
        writes="customers_customerrelationship",
    ),
    "customers:request-rights": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.customers_with_request,
        get=200,
        post=_ask_for_rights,
        fields=carrying(what="delegated_admin", days="90"),
        writes="customers_delegatedadmin",
    ),
    **{
        f"customers:request-{step}": Entry(
            SELLERS,
            REQUEST,
            relations_of_requests.requests_of_seller,
            get=by_subject(200, over=303) if step == "withdraw" else None,
            post=_of_request,
            fields=carrying(),
            writes="portal_answerlink",
        )
        for step in ("resend", "link", "withdraw")
    },
    **{
        f"customers:reseller-{step}": Entry(
            SELLERS,
            REQUEST,
            relations_of_requests.resellers_at_customer,
            post=303,
            fields=carrying(),
            writes="portal_answerlink",
        )
        for step in ("resend", "link")
    },
    "customers:ask": Entry(
        SELLERS,
        VIEW,
        relations_of_requests.resellers_at_customer,
        post=303,
        fields=carrying(),
        writes="customers_ask",
    ),
    "customers:dismiss-ask": Entry(
        SELLERS, REQUEST, relations_of_contacts.asks, post=303, fields=carrying(), writes="customers_ask"
    ),
    "customers:wish": Entry(
        SELLERS,
        ASSIGN,
        relations_of_contacts.wishes,
        post=303,
        fields=carrying(),
        writes="support_contacts_wish",
    ),
    "customers:first-admin": Entry(
        SELLERS,
        REQUEST,
        relations_of_requests.customers_without_people,
        get=200,
        post=by_subject(422, free=200),
        fields=_first_admin,
        writes="portal_passwordlink",
    ),
    "customers:end": Entry(
        SELLERS,
        TOP,
        relations_of_requests.customers_to_end,
        get=200,
        post=by_subject(303, **{"sold to": 409}),
        fields=carrying(),
        writes="customers_customerrelationship",
    ),
    "customers:register": Entry(
        SELLERS,
        ASSIGN,
        relations.customers,
        get=200,
        post=303,
        fields=carrying(name="A", seller_name="B", purchased_through="open"),
        writes="subscriptions_subscription",
    ),
    # What a customer is asked, and who may act for it.
    "partner_relationships:list": Entry(BUYERS, READ, get=200),
    "partner_relationships:detail": Entry(BUYERS, READ, relations_of_answers.partners_of_customer, get=200),
    **{
        f"partner_relationships:{answer}": Entry(
            BUYERS,
            TOP,
            relations_of_answers.requests_to_customer,
            post=303,
            fields=carrying(),
            writes="customers_delegatedadmin",
        )
        for answer in ("accept", "decline")
    },
    "partner_relationships:end-rights": Entry(
        BUYERS,
        TOP,
        relations_of_answers.partners_of_customer,
        get=by_subject(303, acts=200),
        post=303,
        fields=carrying(),
        writes="customers_delegatedadmin",
    ),
    "partner_relationships:end": Entry(
        BUYERS,
        TOP,
        relations_of_answers.partners_to_end,
        get=by_subject(acts=200, sells=200, sold=303, over=303),
        post=by_subject(acts=303, sells=409, sold=303, over=303),
        fields=carrying(),
        writes="customers_customerrelationship",
    ),
    # Where links and notices lead.
    "follow-link": Entry(ALL, targets=relations_of_answers.answer_links, get=303),
    "support_contacts:notice": Entry(
        ALL, targets=relations_of_contacts.notices, post=303, fields=carrying(), writes="portal_notice"
    ),
}
