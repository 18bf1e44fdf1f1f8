"""Invented customers: each provider's own view of them, the words they are found by, and whom they let in."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from customers.models import Customer, CustomerRelationship, CustomerWord, DelegatedAdmin
from portal.models import Action
from portal.names import fold, sort_name, words
from support_contacts.generating import names, vocabulary
from support_contacts.generating.chance import Chance, Ranked
from support_contacts.generating.copying import NO, NULL, YES, Table, array, guid, instant
from support_contacts.generating.partners import Made, Tie
from support_contacts.generating.record import Record

_CODES = list(names.COUNTRIES)
_WEIGHTS = [country.weight for country in names.COUNTRIES.values()]


@dataclass(slots=True)
class Right:
    """A reseller that holds, or held, delegated admin at a customer."""

    tie: Tie
    since: int
    until: int
    #: The second its delegated admin ends; `until` is the day.
    ends: int

    @property
    def lost(self) -> int:
        """The first day on which it no longer holds: 1 for one that still does today."""
        reseller = self.tie.reseller
        ends = (self.until, self.tie.until, reseller.suspended)
        return min((day for day in ends if day is not None and day <= 0), default=1)


@dataclass(slots=True)
class Buyer:
    """A customer as one provider has it."""

    id: str
    name: str
    domain: str
    country: str
    since: int
    subscriptions: int
    record: Made | None = None
    ended: int | None = None
    rights: list[Right] = field(default_factory=list)
    #: Resellers that are there already, asked for by another provider.
    there: frozenset[str] = frozenset()


class Customers:
    def __init__(
        self, chance: Chance, record: Record, organisations: Table, *, demo: bool, suffix: str
    ) -> None:
        self._chance, self._record, self._organisations = chance, record, organisations
        self._demo, self._number, self._suffix = YES if demo else NO, 0, suffix
        self._ran_out = 0
        self._slugs: dict[str, str] = {}
        self.customers = Table(Customer, "organisation_id")
        self.relationships = Table(
            CustomerRelationship,
            *("id", "partner_id", "customer_id", "company_name", "sort_name", "domain", "domains", "country"),
            *(
                "alias",
                "reseller_of_record_id",
                "requested_for_id",
                "created_at",
                "requested_at",
                "lapses_at",
            ),
            *("established_at", "ended_at", "ended_as"),
        )
        self.words = Table(CustomerWord, "partner_id", "word", "relationship_id")
        self.grants = Table(
            DelegatedAdmin,
            *("id", "relationship_id", "kind", "requested_for_id", "established_at", "ends_at"),
        )

    @property
    def tables(self) -> list[Table]:
        return [self.customers, self.relationships, self.words, self.grants]

    def sold_to(self, provider: Made, sizes: list[int], resellers: Ranked[Tie]) -> Iterator[Buyer]:
        """New customers of this provider, so many subscriptions each."""
        for size in sizes:
            yield self._related(provider, self._new(size), resellers)

    def sold_to_again(self, provider: Made, others: list[Buyer], resellers: Ranked[Tie]) -> Iterator[Buyer]:
        """Customers of another provider who buy from this one, too."""
        for other in others:
            there = frozenset(right.tie.reseller.id for right in other.rights)
            since = self._chance.day(-900, -60)
            again = Buyer(other.id, other.name, other.domain, other.country, since, 1, there=there)
            yield self._related(provider, again, resellers)

    # -- inside

    def _new(self, size: int) -> Buyer:
        chance = self._chance
        self._number += 1
        (code,) = chance.choices(_CODES, _WEIGHTS)
        if self._number <= len(_CODES):  # also few customers write in every script
            code = _CODES[self._number - 1]
        country, pk = names.COUNTRIES[code], guid(chance.getrandbits(128))
        place = int(chance.random() * len(country.heads))
        head = country.heads[place]
        name = country.pattern.format(
            h=head, t=chance.choice(country.trades), f=chance.choice(country.forms or ("",))
        ).strip()
        if chance.happens(0.4):
            name = f"{name} {chance.choice(vocabulary.PLACES)}"
        domain = f"{self._slug(country, head, place)}-{self._number:x}{self._suffix}.example"
        if chance.happens(0.002):  # known from a list of subscriptions only, until somebody gives its name
            name, domain = "", ""
        known = name or pk
        self._organisations.add(pk, known, sort_name(known)[:200], domain, code, country.zone, self._demo)
        self.customers.add(pk)
        # A provider's base grows: more customers came lately than long ago.
        since = -4 - int(1500 * chance.random() ** 1.4)
        return Buyer(pk, name, domain, code, since, size)

    def _slug(self, country: names.Country, head: str, place: int) -> str:
        if head not in self._slugs:
            latin = country.ascii[place % len(country.ascii)] if country.ascii else fold(head)
            self._slugs[head] = (
                "".join(char for char in latin if char.isascii() and char.isalnum()) or "company"
            )
        return self._slugs[head]

    def _related(self, provider: Made, buyer: Buyer, resellers: Ranked[Tie]) -> Buyer:
        chance = self._chance
        has_home = resellers.things and chance.happens(0.65)
        home: Tie | None = resellers.one(chance) if has_home else None
        buyer.record = home.reseller if home and chance.happens(0.8) else None
        if buyer.since < -200 and chance.happens(0.01):
            buyer.ended = chance.day(-150, -10)
        alias = ""
        if buyer.name and chance.happens(0.06):
            alias = chance.choice(vocabulary.ALIASES).format(buyer.name)[:100]
        begun = chance.on(buyer.since)
        domains = (
            [buyer.domain, buyer.domain.replace(".example", ".onmicrosoft.example")] if buyer.domain else []
        )
        found = {word[:100] for word in words(buyer.name, alias, buyer.domain, *domains)}
        own = self._relationship(provider, buyer, begun, alias, domains, sorted(found))
        after = {"customer": {"id": buyer.id, "name": buyer.name or buyer.id}}
        self._record.plain(
            provider, Action.CUSTOMER_RELATIONSHIP_ESTABLISHED, begun, after=after, customer=buyer.id
        )
        self._own_grant(provider, own, buyer.since)
        if home is not None and buyer.ended is None and buyer.since < -3:
            plain = (
                sorted(found)
                if not alias
                else sorted({w[:100] for w in words(buyer.name, buyer.domain, *domains)})
            )
            ties = [home]
            if chance.happens(0.12) and (second := resellers.one(chance)).reseller is not home.reseller:
                ties.append(second)
            buyer.rights = [
                self._right(provider, buyer, tie, domains, plain)
                for tie in ties
                if tie.reseller.id not in buyer.there
            ]
        return buyer

    def _relationship(
        self,
        partner: Made,
        buyer: Buyer,
        begun: int,
        alias: str,
        domains: list[str],
        found: list[str],
        asked_by: str = NULL,
    ) -> str:
        pk, at = self._chance.id_at(begun), instant(begun)
        of_record = buyer.record.id if buyer.record and asked_by == NULL else NULL
        closed = asked_by == NULL and buyer.ended is not None
        self.relationships.add(
            *(pk, partner.id, buyer.id, buyer.name, sort_name(alias or buyer.name or buyer.id)[:200]),
            *(buyer.domain, array(*domains), buyer.country, alias, of_record, asked_by, at, NULL, NULL, at),
            *((instant(self._chance.on(buyer.ended or 0)), "ended") if closed else (NULL, "")),
        )
        for word in found:
            self.words.add(partner.id, word, pk)
        return pk

    def _own_grant(self, provider: Made, relationship: str, since: int) -> None:
        """The provider's own delegated admin: most have it, some still the older kind without an end."""
        chance = self._chance
        if chance.happens(0.12):
            return
        older = chance.happens(0.17)
        day = since if older else max(since, chance.day(-640, -20))
        begun = chance.on(day)
        self.grants.add(
            *(chance.id_at(begun), relationship, "dap" if older else "gdap", provider.id, instant(begun)),
            NULL if older else instant(begun + 730 * 86_400),
        )

    def _right(self, provider: Made, buyer: Buyer, tie: Tie, domains: list[str], found: list[str]) -> Right:
        """A reseller's relationship with the customer, and its delegated admin; one in a hundred ran out lately."""
        chance = self._chance
        since = max(buyer.since, tie.since, chance.day(-700, -90)) + 1
        begun = chance.on(min(since, -2))
        relationship = self._relationship(
            tie.reseller, buyer, begun, "", domains, found, asked_by=provider.id
        )
        ran_out = since < -70 and (chance.happens(0.01) or self._ran_out < 2)
        self._ran_out += ran_out
        until = chance.day(-60, -1) if ran_out else chance.day(3, 720)
        pk, ends = chance.id_at(begun), chance.on(until)
        self.grants.add(pk, relationship, "gdap", provider.id, instant(begun), instant(ends))
        return Right(tie, since, until, ends)
