"""Invented providers and resellers, their support profiles, and what they are to each other."""

from dataclasses import dataclass, field

from portal.models import (
    Action,
    Organisation,
    Partner,
    PartnerSuspension,
    ResellerRelationship,
    SupportProfile,
)
from portal.names import fold, sort_name
from support_contacts.generating import names, vocabulary
from support_contacts.generating.chance import Chance, Ranked
from support_contacts.generating.copying import NO, NULL, YES, Table, array, as_json, guid, instant
from support_contacts.generating.record import Record

_OFFICE = as_json({str(day): [["08:00", "18:30"]] for day in range(5)})
#: How a relationship stands, and how often.
_STATES = (
    ("established", 920),
    ("ended", 30),
    ("requested", 20),
    ("declined", 12),
    ("lapsed", 12),
    ("withdrawn", 6),
)


@dataclass(slots=True)
class Made:
    """A partner that was made. `suspended` is since which day; `json` what events call it."""

    id: str
    name: str
    partner_id: str
    country: str
    domain: str
    suspended: int | None = None
    json: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Tie:
    """A reseller of a provider, since when, and until when if that is over."""

    reseller: Made
    since: int
    until: int | None = None


class Partners:
    """Makes partners. The largest provider comes first, and so does the largest reseller."""

    def __init__(self, chance: Chance, record: Record, *, demo: bool, taken: set[str], suffix: str) -> None:
        self._chance, self._record, self._demo = chance, record, YES if demo else NO
        self._taken, self._next, self._suffix = taken, 6_000_000, suffix
        self.organisations = Table(
            Organisation, "id", "name", "sort_name", "domain", "country", "time_zone", "is_demo"
        )
        self.partners = Table(
            Partner,
            *("organisation_id", "partner_id", "is_indirect_provider", "is_direct_partner"),
            "is_indirect_reseller",
        )
        self.profiles = Table(
            SupportProfile,
            *("partner_id", "email", "telephone", "website", "languages", "week", "time_zone", "updated_at"),
        )
        self.suspensions = Table(PartnerSuspension, "id", "partner_id", "started_at", "ended_at", "reason")
        self.ties = Table(
            ResellerRelationship,
            *("id", "provider_id", "reseller_id", "requested_at", "lapses_at", "established_at", "ended_at"),
            *("ended_as", "agreement_reference", "agreement_scope", "agreement_valid_until"),
        )

    @property
    def tables(self) -> list[Table]:
        return [self.organisations, self.partners, self.profiles, self.suspensions, self.ties]

    def providers(self, count: int) -> list[Made]:
        found = []
        for number in range(count):
            base = vocabulary.PROVIDERS[number % len(vocabulary.PROVIDERS)]
            name = (
                base
                if number < len(vocabulary.PROVIDERS)
                else f"{base} {number // len(vocabulary.PROVIDERS) + 1}"
            )
            country = "FR" if number == 0 else self._chance.choice(list(names.COUNTRIES))
            direct = "Direct" in base
            domain = f"northwindcloud{self._suffix}.example" if number == 0 else ""
            found.append(self._partner(name, country, domain, provider=not direct, direct=direct))
        return found

    def resellers(self, count: int) -> list[Made]:
        found = []
        weights = [country.weight for country in names.COUNTRIES.values()]
        for rank in range(count):
            (code,) = self._chance.choices(list(names.COUNTRIES), weights)
            head = self._chance.choice(names.COUNTRIES[code].heads)
            trade = self._chance.choice(vocabulary.RESELLER_TRADES)
            made = self._partner(f"{head} {trade}", code, reseller=True)
            # Small ones are suspended now and then, from the second hundred on; one in the smallest world.
            if rank == count - 1 or (rank > 100 and self._chance.happens(0.004)):
                self._suspended(made, self._chance.day(-40, -2))
            elif self._chance.happens(0.01):
                self._suspended(made, -300, -280)
            found.append(made)
        return found

    def tie(self, provider: Made, resellers: list[Made], share: float) -> Ranked[Tie]:
        """Relationships of a provider to some of the resellers; what is found is who may be chosen, largest first."""
        chosen: list[Tie] = []
        states, often = zip(*_STATES, strict=True)
        for rank, reseller in enumerate(resellers):
            if rank >= 2 and not self._chance.happens(share):
                continue
            (state,) = ("established",) if rank < 2 else self._chance.choices(states, often)
            tie = self._tied(provider, reseller, state)
            if tie is not None:
                chosen.append(tie)
        return Ranked(chosen, 0.9)

    # -- inside

    def _partner(
        self,
        name: str,
        code: str,
        domain: str = "",
        *,
        provider: bool = False,
        direct: bool = False,
        reseller: bool = False,
    ) -> Made:
        country = names.COUNTRIES[code]
        self._next += 1 + int(self._chance.random() * 9)
        while str(self._next) in self._taken:
            self._next += 1
        partner_id = str(self._next)
        spoken = "".join(char for char in fold(name) if char.isascii() and char.isalnum())
        domain = domain or f"{spoken or 'cloud'}-{partner_id[-4:]}{self._suffix}.example"
        made = Made(guid(self._chance.getrandbits(128)), name, partner_id, code, domain)
        made.json = {"id": made.id, "name": name, "partner_id": partner_id}
        self.organisations.add(made.id, name, sort_name(name)[:200], domain, code, country.zone, self._demo)
        flags = (YES if flag else NO for flag in (provider, direct, reseller))
        self.partners.add(made.id, partner_id, *flags)
        telephone = "" if self._chance.happens(0.02) else f"{country.prefix} {partner_id[-4:]}"
        self.profiles.add(
            *(made.id, f"support@{domain}", telephone, f"www.{domain}"),
            *(array(*dict.fromkeys((country.language, "en"))), _OFFICE, country.zone),
            instant(self._chance.on(-30)),
        )
        return made

    def _suspended(self, made: Made, since: int, until: int | None = None) -> None:
        started, ended = self._chance.on(since), None if until is None else self._chance.on(until)
        self.suspensions.add(
            self._chance.id_at(started),
            *(made.id, instant(started), instant(ended) if ended else NULL, "Payment is overdue."),
        )
        self._record.plain(made, Action.PARTNER_SUSPENDED, started, partners=(made.id,))
        if ended:
            self._record.plain(made, Action.PARTNER_SUSPENSION_LIFTED, ended, partners=(made.id,))
        else:
            made.suspended = since

    def _tied(self, provider: Made, reseller: Made, state: str) -> Tie | None:
        chance = self._chance
        if state in ("established", "ended"):
            since, asked = chance.day(-1500, -420), None
            ended = chance.day(-50, -5) if state == "ended" else None
        else:
            since, ended = None, None if state == "requested" else chance.day(-150, -3)
            asked = chance.day(-60, -2) if state == "requested" else (ended or 0) - 20
        begun = chance.on(since if since is not None else asked or 0)
        lapses = begun + 90 * 86_400 if since is None else None
        closed = None if ended is None else chance.on(ended)
        if state == "lapsed":
            begun -= 80 * 86_400
            lapses = closed = begun + 90 * 86_400
        agreed = since is not None and chance.happens(0.6)
        valid = chance.today + chance.day(-30, 700) * 86_400
        self.ties.add(
            *(chance.id_at(begun), provider.id, reseller.id),
            *((NULL, NULL) if since is not None else (instant(begun), instant(lapses or begun))),
            *(instant(begun) if since is not None else NULL, instant(closed) if closed else NULL),
            *(state if closed else "", f"SA-{reseller.partner_id}" if agreed else ""),
            *(
                "First and second line, office hours" if agreed else "",
                instant(valid)[:10] if agreed else NULL,
            ),
        )
        happened = [
            (Action.RESELLER_RELATIONSHIP_ESTABLISHED, begun)
            if since is not None
            else (Action.RESELLER_RELATIONSHIP_REQUESTED, begun)
        ]
        if closed and state in ("ended", "declined", "withdrawn"):
            happened.append((Action(f"reseller_relationship.{state}"), closed))
        for action, at in happened:
            self._record.plain(
                provider, action, at, after={"reseller": reseller.json}, partners=(provider.id, reseller.id)
            )
        return None if since is None else Tie(reseller, since, ended)
