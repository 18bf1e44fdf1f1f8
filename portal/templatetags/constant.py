"""What is the same on every page and for everybody: rendered once a process and language."""

from typing import Any

from django import template
from django.template.base import NodeList, Parser, Token
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()


class ConstantNode(template.Node):
    """Its content is rendered in a context with nothing in it: nobody's data can stand there, nor get stuck there."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.rendered: dict[str | None, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        language = get_language()
        known = self.rendered.get(language)
        if known is None:
            nothing: Any = template.Context()
            with nothing.bind_template(context.template):
                known = mark_safe(self.nodelist.render(nothing))  # noqa: S308 (it is a template's)
            self.rendered[language] = known
        return known


@register.tag
def constant(parser: Parser, token: Token) -> ConstantNode:
    """`{% constant %}…{% endconstant %}` around texts, icons and addresses of static files."""
    nodelist = parser.parse(("endconstant",))
    parser.delete_first_token()
    return ConstantNode(nodelist)
