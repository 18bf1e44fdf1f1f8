"""The icons of the library `heroicons`, each drawn once a process."""

from functools import lru_cache

from django import template
from django.template.base import FilterExpression, Parser, TextNode, Token, token_kwargs
from django.utils.safestring import SafeString
from heroicons.templatetags import heroicons

register = template.Library()


@lru_cache(maxsize=512)
def icon(name: str, size: int = 20, **attributes: str) -> SafeString:
    """An icon of the small set. Names, sizes and classes are those of our templates: there are few."""
    return SafeString(heroicons.heroicon_mini(name, size=size, **attributes))


class IconNode(template.Node):
    """An icon whose name is known when the page is made."""

    def __init__(self, name: FilterExpression, options: dict[str, FilterExpression]) -> None:
        self.name, self.options = name, options

    def render(self, context: template.Context) -> str:
        options = {key: value.resolve(context) for key, value in self.options.items()}
        return icon(str(self.name.resolve(context)), **options)


@register.tag
def heroicon_mini(parser: Parser, token: Token) -> template.Node:
    """`{% heroicon_mini "phone" size=16 class="mirrors" %}`: written out whole, it is plain text of the template."""
    _tag, name, *bits = token.split_contents()
    node = IconNode(parser.compile_filter(name), token_kwargs(bits, parser))
    if bits:
        raise template.TemplateSyntaxError("An icon has a name, and options as name=value.")
    if any(_varies(part) for part in (node.name, *node.options.values())):
        return node
    return TextNode(node.render(template.Context()))


def _varies(part: FilterExpression) -> bool:
    is_asked = part.is_var and part.var.lookups is not None  # a number is a variable without look-ups
    return is_asked or bool(part.filters)
