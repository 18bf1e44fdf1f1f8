"""The API's documentation: for anybody, for somebody signed in, and where a link leads in the middle of it."""

from tests.browser.state import AGENT, at

DOCS = "/api/docs"

at("API documentation", "", DOCS)
at("API documentation, signed in", AGENT, DOCS)
at("API documentation, one operation", "", DOCS, query="#update-support-contact")
