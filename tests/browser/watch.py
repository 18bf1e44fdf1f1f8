"""What a browser complains of while a test goes through the portal: collected, and allowed or not at the end."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

#: The browser's own words for what is meant: a refused form or page, and a focus already taken by an alert.
MEANT = (
    re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d "),
    re.compile(r"^Autofocus processing was blocked"),
    # axe speaks to the frame a mail is shown in, which is nobody's and may not answer. Nothing of ours posts messages.
    re.compile(r"^Failed to execute 'postMessage' on 'DOMWindow': .* origin \('null'\)\.$"),
)
#: What a page is made of; pages themselves and answers to htmx may be refused.
PARTS = ("stylesheet", "script", "image", "font")
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  const where = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI || "inline"}, ${where}`);
});
"""


class Watch:
    """Errors of scripts, of the content security policy, requests that leave the portal, and parts that do not come."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.complaints: list[str] = []
        self._host = urlsplit(url).netloc
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("page", self._page)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("requestfailed", self._failed)

    def _page(self, page: Page) -> None:
        page.on("console", lambda message: self._console(page, message))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def _console(self, page: Page, message: ConsoleMessage) -> None:
        text = message.text
        if message.type in ("error", "warning") and not any(meant.match(text) for meant in MEANT):
            self.complaints.append(f"{page.url}: {text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != self._host:
            self.complaints.append(f"asks another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.request.resource_type in PARTS and response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _failed(self, request: Request) -> None:
        # Left for another page before it was there: nobody misses it.
        if request.resource_type in PARTS and request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure}: {request.url}")
