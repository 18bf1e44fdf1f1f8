"""What the portal adds to Microsoft's API: replay, candidates, history, designations, batch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import uuid4

from tests.clients.scene import Plain, Scene
from tests.clients.wire import Client


class Caller(Plain):
    name = "beyond Microsoft"


def replay(client: Client, scene: Scene) -> None:
    """Twenty at once under one request id: one change, one answer."""
    path, chosen, ids = f"{scene.path}/supportcontact", scene.eligible[0], str(uuid4())
    before = client.get(f"{path}/history")["totalCount"]

    def put(_: int) -> Any:
        own = type(client)(client.root, client.credential, client.report)
        return own.send("PUT", path, {"supportTenantId": chosen["supportTenantId"]}, MS_RequestId=ids)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(put, range(20)))
    for answer in answers:
        client.expect(
            answer.status == 200 and answer.content == answers[0].content, "twenty equal answers", answer
        )
        client.expect(answer.headers.get("MS-RequestId") == ids, "the request id of each", answer)
    history = client.get(f"{path}/history")["items"]
    named = [each for each in history if each.get("change", {}).get("requestId") == ids]
    client.expect(len(history) == before + 1, f"one interval more than {before}, not {len(history)}")
    client.expect(len(named) == 1, f"one change under the request id, not {len(named)}")
    other = {"supportTenantId": scene.eligible[1]["supportTenantId"]}
    answer = client.send("PUT", path, other, MS_RequestId=ids)
    client.expect(
        answer.document.get("supportTenantId") == other["supportTenantId"],
        "another body is another call",
        answer,
    )


def candidates(client: Client, scene: Scene) -> None:
    found = client.get(f"{scene.path}/supportcontact/candidates")["items"]
    client.expect(found[0].get("isDefault") is True, "the provider first")
    eligible = [each["eligible"] for each in found]
    client.expect(eligible == sorted(eligible, reverse=True), "who may be chosen before who may not")
    wordless = [
        each["name"] for each in found if not each["eligible"] and not {"reason", "description"} <= set(each)
    ]
    client.expect(not wordless, f"a reason for {wordless}")
    client.expect(len([each for each in found if each.get("isCurrent")]) == 1, "one is current")


def history(client: Client, scene: Scene) -> None:
    path = f"{scene.path}/supportcontact"
    items = client.get(f"{path}/history")["items"]
    starts = [each["start"] for each in items]
    client.expect(starts == sorted(starts, reverse=True), "newest first")
    gaps = [(a, b) for b, a in pairwise(items) if a.get("end") != b["start"]]
    client.expect("end" not in items[0] and not gaps, f"no gap between the intervals: {gaps}")
    now = client.get(path)
    for which in (items[0], items[-1]):
        then = client.get(f"{path}?at={which['start']}")
        name = which["supportContact"]["supportTenantId"]
        client.expect(then["supportTenantId"] == name, f"at {which['start']} it was {name}, not {then}")
    client.expect(
        now["supportTenantId"] == items[0]["supportContact"]["supportTenantId"], "the latest is now's"
    )
    day = client.get(f"{path}?at={items[0]['start'][:10]}")["items"]
    client.expect(day[-1]["start"] == items[0]["start"], f"the day ends with the latest, not {day[-1]}")
    client.refused("GET", f"{path}?at=1999-01-01T00:00:00Z", 404, 1000)
    client.refused("GET", f"{path}?at=2999-01-01", 400, 800002)
    client.refused("GET", f"{path}?at=yesterday", 400, 800002)


def designations(client: Client, scene: Scene) -> None:
    path, mine = f"{scene.path}/supportcontact", scene.eligible[0]
    asked = client.send("GET", "/v1/supportcontacts?size=1")
    client.put(path, {"supportTenantId": mine["supportTenantId"]})

    def here(query: str) -> list[dict[str, Any]]:
        items = client.get(f"/v1/supportcontacts?customer={scene.customer['id']}{query}")["items"]
        return [each for each in items if each["subscriptionId"] == scene.subscription["id"]]

    found = here(f"&partner={mine['supportMpnId']}")
    client.expect(len(found) == 1 and found[0]["inForce"] is True, f"the designation, not {found}", asked)
    client.expect(here(f"&partner={mine['supportTenantId'].upper()}") == found, "the same by tenant ID")
    client.expect(here("&attention=true") == [], "nothing that needs attention")
    since = found[0]["designatedAt"]
    client.put(path, {"supportTenantId": scene.provider["supportTenantId"]})
    client.expect(here("") == [], "no designation once it is ended")
    ended = here(f"&changedSince={since}")
    said = [each.get("endedAs") for each in ended if each["designatedAt"] == since]
    client.expect(said == ["back_to_provider"], f"how it ended, not {said}")
    pages, link = 0, "/supportcontacts?size=20"
    while link and pages < 100:
        page = client.get(f"/v1{link}")
        link, pages = page["links"].get("next", {}).get("uri"), pages + 1
    client.expect(pages > 1, "more pages than one")


def batch(client: Client, scene: Scene) -> None:
    ids = {"customerId": scene.customer["id"], "subscriptionId": scene.subscription["id"]}
    addon, modern = (
        {**ids, "subscriptionId": min(scene.addons)},
        {**ids, "subscriptionId": scene.new_commerce},
    )
    chosen = {"supportTenantId": scene.eligible[0]["supportTenantId"]}
    before = client.get(
        f"/v1/customers/{scene.customer['id']}/subscriptions/{min(scene.addons)}/supportcontact"
    )
    items = [
        {**ids, **chosen},
        {**addon, "SupportMpnId": scene.eligible[1]["supportMpnId"]},
        {**modern, **chosen},
        {**ids, **chosen, "customerId": scene.foreign},
        {**ids, **chosen},
        {},
    ]
    answer = client.send("POST", "/v1/supportcontacts/batch", {"items": items})
    said = [(each["status"], each["changed"]) for each in client.well(answer)["items"]]
    statuses = [status for status, _ in said]
    client.expect(statuses == [200, 200, 400, 404, 200, 400], "an answer each", answer)
    client.expect(sum(changed for _, changed in said) == 2, "named twice, changed once", answer)
    first, last = answer.document["items"][0], answer.document["items"][-1]
    client.expect(
        first["supportContact"] == client.get(f"{scene.path}/supportcontact"), "GET as it answered", answer
    )
    client.expect(set(last.get("error", {})) == {"code", "description", "data", "source"}, "a fault", answer)
    two = [{**ids, **chosen}, {**ids, "supportTenantId": scene.provider["supportTenantId"]}]
    answer = client.send("POST", "/v1/supportcontacts/batch", {"items": two})
    client.expect(
        [each["status"] for each in answer.document["items"]] == [400, 400], "refused each time", answer
    )
    back = [{**ids, "supportTenantId": scene.provider["supportTenantId"]}, {**addon, **_partner(before)}]
    answer = client.send("POST", "/v1/supportcontacts/batch", {"items": back})
    client.expect(all(each["changed"] for each in client.well(answer)["items"]), "back as it was", answer)
    client.refused("POST", "/v1/supportcontacts/batch", 400, 800002, {})


def _partner(contact: dict[str, Any]) -> dict[str, Any]:
    return {"supportTenantId": contact["supportTenantId"]}


STEPS: tuple[Callable[[Client, Scene], None], ...] = (replay, candidates, history, designations, batch)
