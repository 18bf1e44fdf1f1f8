"""What each client does: the calls of partner-center-api's resources, and every mistake beside its success."""

from collections.abc import Callable
from uuid import uuid4

from tests.clients.scene import Scene
from tests.clients.wire import Client


def customers(client: Client, scene: Scene) -> None:
    expect, profile = client.expect, scene.customer["companyProfile"]
    unsized = [each["id"] for each in client.get("/v1/customers")["items"]]
    listed = [each["id"] for each in client.customers()]
    expect(listed == unsized, f"the same customers by page: {len(listed)} of {len(unsized)}")
    expect(scene.customer["id"] in unsized, "an unsized list that holds everything")

    one = client.get(f"/v1/customers/{client.guid(scene.customer['id'])}")
    expect(one["id"].lower() == scene.customer["id"].lower(), f"the customer asked for, not {one['id']}")
    expect(type(one.get("allowDelegatedAccess")) is bool, "allowDelegatedAccess in the detail")
    client.get("/v1" + one["companyProfile"]["links"]["self"]["uri"])

    for field, value in (
        ("CompanyName", profile["companyName"][:4].upper()),
        ("Domain", profile["domain"].partition(".")[0]),
    ):
        found = client.filtered(field, value)
        name = {"CompanyName": "companyName", "Domain": "domain"}[field]
        expect(scene.customer["id"] in {each["id"] for each in found}, f"{field} finds it")
        wrong = [
            each["companyProfile"][name]
            for each in found
            if not each["companyProfile"][name].lower().startswith(value.lower())
        ]
        expect(not wrong, f"{field} finds only what starts so, not {wrong}")
        expect(client.filtered(field, "zz-nobody") == [], f"{field} finds nobody")
    reseller = scene.eligible[0]["supportTenantId"]
    tied = client.filtered("IndirectReseller", reseller)
    expect(scene.customer["id"] in {each["id"] for each in tied}, "IndirectReseller finds it")
    expect(len(tied) < len(unsized), "IndirectReseller leaves some out")


def subscriptions(client: Client, scene: Scene) -> None:
    expect, asked = client.expect, scene.subscription
    base = f"/v1/customers/{client.guid(scene.customer['id'])}/subscriptions"
    whole = client.get(base)["items"]
    expect({asked["id"], scene.new_commerce, *scene.addons} <= {each["id"] for each in whole}, "all of them")
    one = client.get(f"{base}/{client.guid(asked['id'])}")
    expect(one == next(each for each in whole if each["id"] == asked["id"]), "the item of the list, by ID")
    client.get("/v1" + one["links"]["self"]["uri"])

    ordered = client.get(f"{base}?order_id={asked['orderId']}")["items"]
    expect(asked["id"] in {each["id"] for each in ordered}, "order_id finds it")
    expect({each["orderId"] for each in ordered} == {asked["orderId"]}, "order_id finds no other")
    recorded = client.get(f"{base}?mpn_id={asked['partnerId']}")["items"]
    expect(asked["id"] in {each["id"] for each in recorded}, "mpn_id finds it")
    expect({each["partnerId"] for each in recorded} == {asked["partnerId"]}, "mpn_id finds no other")
    addons = client.get(f"{base}/{client.guid(asked['id'])}/addons")["items"]
    expect({each["id"] for each in addons} == scene.addons, "the add-ons")


def relationships(client: Client, scene: Scene) -> None:
    expect = client.expect
    ours = client.get(f"/v1/relationships?relationship_type={client.provider_type}")["items"]
    expect(
        {each["relationshipType"] for each in ours} == {"is_indirect_cloud_solution_provider_of"}, "our type"
    )
    expect(all(each["state"] == "Active" for each in ours), "Active")
    expect(scene.reseller.tenant in {each["id"] for each in ours}, "the reseller among ours")
    expect(
        client.get(f"/v1/relationships?relationship_type={client.reseller_type}")["items"] == [],
        "no provider",
    )
    there = client.get(f"/v1/customers/{client.guid(scene.customer['id'])}/relationships")["items"]
    expect(
        {each["id"] for each in there} <= {each["id"] for each in ours}, "resellers of ours at the customer"
    )
    expect(scene.reseller.tenant in {each["id"] for each in there}, "the reseller at the customer")

    reseller = type(client)(client.root, scene.reseller, client.report)
    theirs = reseller.get(f"/v1/relationships?relationship_type={client.reseller_type}")["items"]
    expect(scene.provider["supportTenantId"] in {each["id"] for each in theirs}, "the provider among theirs")
    expect({each["relationshipType"] for each in theirs} == {"is_indirect_reseller_of"}, "their type")
    none = reseller.get(f"/v1/relationships?relationship_type={client.provider_type}")["items"]
    expect(none == [], "a reseller is nobody's provider")


def support_contact(client: Client, scene: Scene) -> None:
    expect, chosen = client.expect, scene.eligible[0]
    path = f"/v1/customers/{client.guid(scene.customer['id'])}/subscriptions/{client.guid(scene.subscription['id'])}"
    path += "/supportcontact"

    def named(contact: dict[str, object]) -> tuple[object, ...]:
        return tuple(contact.get(name) for name in ("supportTenantId", "supportMpnId", "name"))

    default = client.get(path)
    expect(named(default) == named(scene.provider), f"the provider by default, not {default}")
    expect(client.put(path, default) == default, "what was read, written unchanged, changes nothing")
    body = {name: chosen[name] for name in ("supportTenantId", "supportMpnId", "name")}
    body["attributes"] = {"objectType": "SupportContact"}
    after = client.put(path, {**default, **body})
    expect(named(after) == named(chosen), f"the reseller chosen, not {after}")
    expect(client.get(path) == after, "GET as PUT answered")
    expect(client.put(path, after) == after, "the same choice once more")

    for refused in scene.ineligible[:3]:
        body = {name: refused[name] for name in ("supportTenantId", "supportMpnId", "name")}
        answer = client.refused("PUT", path, 400, 800016, body)
        expect(answer.document["data"] == [refused["reason"]], f"the reason {refused['reason']}", answer)
        expect(client.get(path) == after, "the contact as it was")
    stranger = {"supportTenantId": str(uuid4()), "supportMpnId": "1", "name": "Nobody"}
    answer = client.send("PUT", path, client.written(stranger))
    expect(answer.status in (400, 404), "a stranger is refused", answer)

    stale, other = default["attributes"]["etag"], scene.eligible[1]
    for written in (stale, f'"{stale}"'):
        client.refused(
            "PUT", path, 400, 2055, {"supportTenantId": other["supportTenantId"]}, If_Match=written
        )
    expect(client.get(path) == after, "the contact as it was")
    latest = f'"{after["attributes"]["etag"]}"'
    moved = client.put(path, {"supportTenantId": other["supportTenantId"]}, If_Match=latest)
    expect(named(moved) == named(other), f"the other reseller, not {moved}")
    back = client.put(path, {"supportTenantId": client.guid(scene.provider["supportTenantId"])})
    expect(named(back) == named(scene.provider), f"back to the provider, not {back}")
    expect(client.get(path) == back, "GET as PUT answered")

    modern = f"/v1/customers/{scene.customer['id']}/subscriptions/{scene.new_commerce}/supportcontact"
    client.refused("GET", modern, 404, 1000)
    client.refused("PUT", modern, 400, 900141, {"supportTenantId": chosen["supportTenantId"]})


def mistakes(client: Client, scene: Scene) -> None:
    contact = f"{scene.path}/supportcontact"
    for unknown in (scene.foreign, str(uuid4())):
        client.refused("GET", f"/v1/customers/{client.guid(unknown)}", 404, 20002)
        client.refused("GET", f"/v1/customers/{client.guid(unknown)}/subscriptions", 404, 20002)
    lost = f"/v1/customers/{scene.customer['id']}/subscriptions/{client.guid(str(uuid4()))}"
    client.refused("GET", lost, 404, 20003)
    body = {"supportTenantId": scene.eligible[0]["supportTenantId"]}
    client.refused("PUT", f"{lost}/supportcontact", 404, 20003, body)
    for unknown in (scene.foreign, str(uuid4())):
        answer = client.send(
            "PUT", f"{scene.path}/supportcontact".replace(scene.customer["id"], unknown), client.written(body)
        )
        client.expect(answer.status == 404, "404 for a customer of nobody's or somebody else's", answer)

    for bearer, code in (("Bearer nonsense", 400), ("Bearer eyJhbGciOiJub25lIn0.e30.", 400), ("", 800001)):
        answer = client.refused("GET", "/v1/customers", 401, code, Authorization=bearer)
        challenge = answer.headers.get("WWW-Authenticate", "")
        client.expect(challenge.startswith("Bearer "), "WWW-Authenticate", answer)
    client.refused("GET", "/v1/no/such/thing", 404, 1000)
    answer = client.send("DELETE", contact)
    client.expect(answer.status == 405 and "PUT" in answer.headers.get("Allow", ""), "405 with Allow", answer)
    for raw in (b"{nope", b"[1]", b'{"supportTenantId": "x"}', b"{} {}"):
        answer = client.send("PUT", contact, raw=raw)
        client.expect(answer.status == 400, f"400 for the body {raw!r}", answer)


def profiles(client: Client, scene: Scene) -> None:
    expect = client.expect
    before = client.get("/v1/profiles/support")
    changed = {**before, "website": "www.check-of-the-clients.example"}
    after = client.put("/v1/profiles/support", changed)
    expect(after == changed, f"the profile as it was written, not {after}")
    there = client.get("/v1/profiles/supportprofile")
    expect(there["website"] == changed["website"], "the same profile at the documented address")
    client.put("/v1/profiles/supportprofile", before)
    expect(client.get("/v1/profiles/support") == before, "the profile as it was")
    answer = client.send("PUT", "/v1/profiles/support", client.written({**before, "email": "no address"}))
    expect(
        answer.status == 400 and answer.document["code"] == 3000,
        "400/3000 for an address that is none",
        answer,
    )

    own, reseller = scene.provider, scene.eligible[0]
    expect(client.get("/v1/profiles/mpn")["mpnId"] == own["supportMpnId"], "our own PartnerID")
    found = client.get(f"/v1/profiles/mpn?mpnId={reseller['supportMpnId']}")
    expect(found["partnerName"] == reseller["name"], "the reseller's name")
    client.refused("GET", "/v1/profiles/mpn?mpnId=999999999", 404, 3000)


STEPS: tuple[Callable[[Client, Scene], None], ...] = (
    customers,
    subscriptions,
    relationships,
    support_contact,
    mistakes,
    profiles,
)
