"""One client's way of speaking, and what any client holds against an answer."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

from tests.clients import shapes
from tests.clients.person import Credential

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    request: str
    status: int
    headers: Any
    content: bytes
    document: Any = None

    def __str__(self) -> str:
        return f"{self.request}\n      {self.status} {self.content[:600].decode(errors='replace')}"


class Report:
    """Every deviation, with the call that shows it."""

    def __init__(self) -> None:
        self.deviations: list[str] = []
        self.calls = 0

    def add(self, client: str, what: str, answer: object = "") -> None:
        self.deviations.append(f"{client}: {what}\n    {answer}")


class Client:
    name = ""
    reseller_type, provider_type = "IsIndirectResellerOf", "IsIndirectCloudSolutionProviderOf"
    closed_enumerations = False
    names_in_any_case = False
    own: tuple[str, ...] = ()  # headers it sends and hopes to see again

    def __init__(self, root: str, credential: Credential, report: Report) -> None:
        self.root = root
        self.credential = credential
        self.report = report
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.clear()

    # What differs from client to client

    def headers(self, document: Any) -> dict[str, str]:
        return {"Accept": JSON}

    def bearer(self) -> str:
        return self.credential.secret

    def written(self, document: Any) -> Any:
        """The document as this client spells it."""
        return document

    def guid(self, text: str) -> str:
        return text

    def filter(self, field: str, value: str) -> str:
        return json.dumps({"Field": field, "Value": value, "Operator": "starts_with"})

    def customers(self) -> list[dict[str, Any]]:
        """All of them, as this client lists them."""
        return list(self.get("/v1/customers")["items"])

    # What does not

    def turned(self, found: list[dict[str, Any]], page: dict[str, Any]) -> bool:
        """Adds a page, unless its items were there before: then the pages would never end."""
        seen = {each["id"] for each in found}
        new = not any(each["id"] in seen for each in page["items"])
        self.expect(new, f"a page after {len(found)} customers, not one again")
        found += page["items"]
        return new

    def get(self, path: str) -> Any:
        return self.well(self.send("GET", path))

    def put(self, path: str, document: Any, **headers: str) -> Any:
        return self.well(self.send("PUT", path, self.written(document), **headers))

    def filtered(self, field: str, value: str) -> list[dict[str, Any]]:
        return list(self.get(f"/v1/customers?size=0&filter={quote(self.filter(field, value))}")["items"])

    def well(self, answer: Answer) -> Any:
        self.expect(answer.status == 200, "200", answer)
        return answer.document

    def refused(
        self, method: str, path: str, status: int, code: int, document: Any = None, **headers: str
    ) -> Answer:
        answer = self.send(method, path, None if document is None else self.written(document), **headers)
        self.expect(
            (answer.status, (answer.document or {}).get("code")) == (status, code), f"{status}/{code}", answer
        )
        return answer

    def expect(self, condition: object, what: str, answer: Answer | str = "") -> None:
        if not condition:
            self.report.add(self.name, f"expected {what}", answer)

    def send(
        self, method: str, path: str, document: Any = None, *, raw: bytes | None = None, **more: str
    ) -> Answer:
        """`more` are headers, with _ for -. A body that is no JSON is given `raw`."""
        given = {"Authorization": f"Bearer {self.bearer()}", **self.headers(document if raw is None else raw)}
        given |= {name.replace("_", "-"): value for name, value in more.items()}
        given = {name: value for name, value in given.items() if value}
        body = raw if raw is not None else b"" if document is None else self.encoded(document)
        answer = self.exchange(method, path, given, body)
        return self.checked(answer, given)

    def encoded(self, document: Any) -> bytes:
        return json.dumps(document, ensure_ascii=False).encode()

    def exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """As often as the portal says that it is too much, but no longer than it says."""
        while True:
            self.report.calls += 1
            got = self.transmit(method, path, headers, body)
            if got.status != 429:
                return got
            wait = got.headers["Retry-After"]
            message = f"Rate limit is exceeded. Try again in {wait} seconds."
            self.expect(
                json.loads(got.content) == {"statusCode": 429, "message": message}, "Microsoft's 429", got
            )
            time.sleep(int(wait))

    def transmit(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        got = self.session.request(
            method, self.root + path, headers=headers, data=body or None, allow_redirects=False, timeout=60
        )
        return Answer(said(method, path, headers, body), got.status_code, got.headers, got.content)

    def checked(self, answer: Answer, sent: dict[str, str]) -> Answer:
        """What every client needs of every answer."""
        expect = self.expect
        expect(answer.status in (200, 400, 401, 403, 404, 405, 409), "a status clients do not repeat", answer)
        kind = answer.headers.get("Content-Type", "")
        expect(kind.partition(";")[0] == JSON, f"application/json, not {kind!r}", answer)
        for name in ("MS-RequestId", "MS-CorrelationId", "MS-CV"):
            expect(answer.headers.get(name), f"a header {name}", answer)
            if name in self.own and name in sent:
                expect(answer.headers.get(name) == sent[name], f"{name} as it was sent", answer)
        expect(not answer.content.startswith(b"\xef\xbb\xbf"), "no byte order mark", answer)
        try:
            document = json.loads(answer.content)  # one document and nothing after it
        except ValueError:
            expect(False, "one JSON document", answer)
            return answer
        answer = Answer(answer.request, answer.status, answer.headers, answer.content, document)
        if answer.status == 200:
            for problem in shapes.problems(
                document, closed=self.closed_enumerations, names_in_any_case=self.names_in_any_case
            ):
                expect(False, f"what it can read, but {problem}", answer)
        else:
            self.fault(answer)
        return answer

    def fault(self, answer: Answer) -> None:
        found = answer.document
        flat = isinstance(found, dict) and set(found) == {"code", "description", "data", "source"}
        self.expect(flat, "a flat fault: code, description, data, source", answer)
        if flat:
            kinds = (int, str, list, str)
            right = all(type(value) is kind for value, kind in zip(
                (found["code"], found["description"], found["data"], found["source"]), kinds, strict=True
            ))  # fmt: skip
            self.expect(right and len(found["description"]) <= 1024, "the types of a fault", answer)


def fresh() -> dict[str, str]:
    return {"MS-RequestId": str(uuid4()), "MS-CorrelationId": str(uuid4())}


def said(method: str, path: str, headers: dict[str, str], body: bytes) -> str:
    shown = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    return f"{method} {path} {shown} {body[:400].decode(errors='replace')}"
