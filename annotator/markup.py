"""Markdown to safe HTML.

Responses are rendered once, when they are stored; pages show the result as it is. Two walls stand
behind each other: the parser makes no HTML that the text did not ask for in Markdown, and the
sanitiser lets through only what is listed here, whatever the parser made.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LONGEST_MARKDOWN = 40_000
"""Characters up to which a text is parsed; a longer one is shown as plain paragraphs."""
LONGEST_TEXT = 200_000
"""Characters that are shown at all."""
LONGEST_HTML = 400_000

TAGS = {"p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr"}
TAGS |= {"h3", "table", "thead", "tbody", "tr", "th", "td"}
SCHEMES = {"http", "https", "mailto"}
MARKUP = re.compile(r"<[^>]*>?|[\s\d]+")
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]+"
)


def render_markdown(text: str) -> str:
    """Return the text as safe HTML: no scripts, no images, no links but to the web and to mail."""
    text = text[:LONGEST_TEXT]
    if len(text) > LONGEST_MARKDOWN:
        return _as_paragraphs(text)
    html = _sanitise(_parser.render(text))
    return html if len(html) <= LONGEST_HTML else _as_paragraphs(text)


def text_direction(text: str) -> str:
    """Return `rtl` or `ltr` by the letters that prevail in a text or in rendered HTML.

    The first letter, by which `dir="auto"` goes, misleads where an Arabic answer begins with a Latin name.
    """
    letters = MARKUP.sub("", text[:400])
    from_the_right = sum(map(len, RIGHT_TO_LEFT.findall(letters)))
    return "rtl" if from_the_right * 2 > len(letters) else "ltr"


def _as_paragraphs(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", escape(text))
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in paragraphs if part.strip())


def _sanitise(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        attribute_filter=_keep_attribute,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={
            "a": {"target": "_blank"},
            "pre": {"tabindex": "0"},
            "table": {"tabindex": "0"},
        },  # these scroll sideways, so the keyboard must reach them
    ).strip()


def _keep_attribute(_tag: str, name: str, value: str) -> str | None:
    """Refuse links without a scheme: a text must not lead to pages of this site."""
    if name == "href":
        return value if urlsplit(value).scheme.lower() in SCHEMES else None
    return value


def _image_as_text(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, *_rest: object
) -> str:
    """Show what stands for the picture: a picture would call another server from a reader's browser."""
    return str(escape(tokens[index].content))


def _plain_heading(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, *_rest: object
) -> str:
    """Make every heading an h3: below the card's own, and no level is ever left out."""
    return "<h3>" if tokens[index].nesting == 1 else "</h3>\n"


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    parser.add_render_rule("image", _image_as_text)
    parser.add_render_rule("heading_open", _plain_heading)
    parser.add_render_rule("heading_close", _plain_heading)
    return parser


_parser = _make_parser()
