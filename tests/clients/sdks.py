"""The clients, each with its own habits."""

import base64
import http.client
import json
import select
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.clients.wire import JSON, Answer, Client, fresh, said


class Java(Client):
    """Microsoft's Java SDK 1.15: reads strictly, and says every refused call five times."""

    name = "Java SDK"
    reseller_type, provider_type = "is_indirect_reseller_of", "is_indirect_cloud_solution_provider_of"
    closed_enumerations = True
    own = ("MS-RequestId", "MS-CorrelationId")

    def headers(self, document: Any) -> dict[str, str]:
        kind = {} if document is None else {"Content-Type": "application/json; charset=utf-8"}
        return {
            "Accept": JSON,
            "MS-Contract-Version": "v1",
            **fresh(),
            "X-Locale": "en-US",
            "MS-PartnerCenter-Client": "Partner Center Java SDK",
            "MS-SdkVersion": "1.15.4",
            "x-ms-client-request-id": str(uuid4()),
            "User-Agent": "AutoRest-Java",
            "Accept-Encoding": "gzip",
            **kind,
        }

    def filter(self, field: str, value: str) -> str:
        # Camel-case members, a Pascal-case operator, and one member more.
        return json.dumps({"fieldType": "string", "field": field, "value": value, "operator": "StartsWith"})

    def customers(self) -> list[dict[str, Any]]:
        """A page at a time, each at root + version + the link: `/v1//customers?…`."""
        page = self.get("/v1/customers?size=1")
        found = list(page["items"])
        while link := page.get("links", {}).get("next"):
            extra = {header["key"].replace("-", "_"): header["value"] for header in link["headers"]}
            page = self.well(self.send(link["method"], f"/v1/{link['uri']}", **extra))
            self.expect(len(page["items"]) == 1 or "next" not in page["links"], "one customer a page")
            if not self.turned(found, page):
                break
        return found

    def exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        first = super().exchange(method, path, headers, body)
        if first.status in (400, 401, 403, 404, 409, 417):
            for _ in range(4):
                again = super().exchange(method, path, headers, body)
                self.expect(
                    (again.status, again.content) == (first.status, first.content),
                    "the same answer again",
                    again,
                )
        return first


class DotNet(Client):
    """The .NET SDK and the PowerShell module: Pascal case, GUIDs as they are pasted, bodies after a 100."""

    name = ".NET SDK"
    closed_enumerations = True
    names_in_any_case = True
    own = ("MS-RequestId", "MS-CorrelationId")
    turn = 0

    def headers(self, document: Any) -> dict[str, str]:
        kind = {} if document is None else {"Content-Type": JSON, "Expect": "100-continue"}
        return {
            "Accept": JSON,
            **fresh(),
            "X-Locale": "en-US",
            "MS-PartnerCenter-Client": "Partner Center .NET SDK",
            "MS-SdkVersion": "1.15.6",
            **kind,
        }

    def written(self, document: Any) -> Any:
        if isinstance(document, dict):
            return {name[0].upper() + name[1:]: self.written(value) for name, value in document.items()}
        return [self.written(item) for item in document] if isinstance(document, list) else document

    def put(self, path: str, document: Any, **headers: str) -> Any:
        """Set-PartnerCustomerSubscriptionSupportContact sends no links."""
        if "supportTenantId" in document:
            document = {name: value for name, value in document.items() if name != "links"}
        updated = super().put(path, document, **headers)
        self.expect("uri" in updated.get("links", {}).get("self", {}), "the link the feature sample reads")
        return updated

    def guid(self, text: str) -> str:
        self.turn += 1
        return [text.upper(), f"{{{text}}}", f"{{{text.upper()}}}"][self.turn % 3]

    def customers(self) -> list[dict[str, Any]]:
        page = self.get("/v1/customers?size=25")
        found = list(page["items"])
        while link := page.get("links", {}).get("next"):
            extra = {header["key"].replace("-", "_"): header["value"] for header in link["headers"]}
            page = self.well(self.send(link["method"], f"/v1{link['uri']}", **extra))
            if not self.turned(found, page):
                break
        return found

    def transmit(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if not body:
            return super().transmit(method, path, headers, body)
        host = urlsplit(self.root).netloc
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                connection.putheader(name, value)
            connection.endheaders()
            select.select([connection.sock], [], [], 0.35)  # then .NET sends it without having been asked
            connection.send(body)
            got = connection.getresponse()
            content = got.read()
        finally:
            connection.close()
        return Answer(said(method, path, headers, body), got.status, got.headers, content)


class Node(Client):
    """@pliancy/microsoft-partnercenter: one header, a token of its own, the first answer is the whole list."""

    name = "Node client"
    token = ""

    def headers(self, document: Any) -> dict[str, str]:
        kind = {} if document is None else {"Content-Type": JSON}
        return {"Accept": "application/json, text/plain, */*", "User-Agent": "axios/1.7.9", **kind}

    def bearer(self) -> str:
        if not self.token or _expiry(self.token) < time.time() + 60:
            self.report.calls += 1
            got = self.session.post(
                self.credential.token_url,
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.credential.client_id,
                    "client_secret": self.credential.secret,
                    "scope": "https://api.partnercenter.microsoft.com/.default",
                },
                timeout=60,
            )
            answer = Answer("POST " + self.credential.token_url, got.status_code, got.headers, got.content)
            self.expect(got.status_code == 200, "a token", answer)
            given = got.json()
            self.expect(given["token_type"] == "Bearer" and type(given["expires_in"]) is int, "OAuth", answer)
            self.token = given["access_token"]
            left = _expiry(self.token) - time.time()
            self.expect(abs(left - given["expires_in"]) < 30, f"exp as expires_in says, not {left}", answer)
        return self.token


class Kotlin(Client):
    """ClouDesire's: one header, enumerations closed as in Java; a call that was refused is said once."""

    name = "ClouDesire client"
    closed_enumerations = True

    def headers(self, document: Any) -> dict[str, str]:
        kind = {} if document is None else {"Content-Type": "application/json; charset=UTF-8"}
        return {"Accept": JSON, "Accept-Encoding": "gzip", "User-Agent": "okhttp/4.9.3", **kind}


class Msrest(Client):
    """eduardomourar/partner-center-python: a Content-Type on every call, pages by continuationToken."""

    name = "Python msrest client"
    own = ("MS-RequestId", "MS-CorrelationId")

    def headers(self, document: Any) -> dict[str, str]:
        return {
            "Accept": JSON,
            "Content-Type": "application/json; charset=utf-8",
            "accept-language": "en-US",
            "x-ms-client-request-id": str(uuid4()),
            "User-Agent": "python/3.11 msrest/0.6.21",
            **fresh(),
        }

    def written(self, document: Any) -> Any:
        return {name: value for name, value in document.items() if name not in ("links", "attributes")}

    def customers(self) -> list[dict[str, Any]]:
        page = self.get("/v1/customers?size=30")
        found = list(page["items"])
        while token := page.get("continuationToken"):
            page = self.well(
                self.send("GET", "/v1/customers?size=30&seekOperation=Next", MS_ContinuationToken=token)
            )
            if not self.turned(found, page):
                break
        return found


def _expiry(token: str) -> float:
    """As jwt-decode reads it: nobody verifies."""
    part = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"])


ALL = (Java, DotNet, Node, Kotlin, Msrest)
