"""Markdown becomes HTML that can do nothing but be read."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.markup import LONGEST_MARKDOWN, LONGEST_TEXT, render_markdown, text_direction

ALLOWED_TAGS = {
    "p",
    "br",
    "em",
    "strong",
    "s",
    "a",
    "ul",
    "ol",
    "li",
    "blockquote",
    "code",
    "pre",
    "hr",
    "h3",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


def test_lists_emphasis_and_line_breaks_are_kept() -> None:
    html = render_markdown("One **two** *three*\nfour\n\n- five\n- six\n\n3. seven")
    assert "<strong>two</strong> <em>three</em><br>" in html
    assert "<li>five</li>" in html
    assert '<ol start="3">' in html


def test_every_heading_stands_below_the_cards_own() -> None:
    assert render_markdown("# One\n\n#### Two") == "<h3>One</h3>\n<h3>Two</h3>"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        '[x](https://a.b "\\" onmouseover=alert(1)")',
        "![x](https://tracker.example/pixel.png)",
        "```\n<script>alert(1)</script>\n```",
        "| a |\n|---|\n| <iframe src=//evil> |",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        '<a href="https://a.b" style="position:fixed">x</a>',
        "<style>*{display:none}</style>",
        '<form action="//evil"><input name=choice value=a>',
    ],
)
def test_nothing_active_comes_out(text: str) -> None:
    html = render_markdown(text)
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html)) <= ALLOWED_TAGS
    tags = "".join(re.findall(r"<[a-z][^>]*>", re.sub(r'"[^"]*"', '""', html)))
    assert not re.search(r"\s(on\w+|style|src|class|id|name)=", tags)
    assert not re.search(r'href="(?!https?:|mailto:)', html, re.IGNORECASE)


def test_links_open_beside_the_task_and_tell_nothing() -> None:
    html = render_markdown(
        "[web](https://example.org/a) <https://example.org/b> [mail](mailto:a@example.org)"
    )
    assert html.count('target="_blank"') == 3
    assert html.count('rel="noopener noreferrer nofollow"') == 3


@pytest.mark.parametrize(
    "target", ["/admin/", "//evil.example/x", "task/", "#judgment", "?next=x", "ftp://a.b/c"]
)
def test_a_text_cannot_lead_to_pages_of_this_site(target: str) -> None:
    assert "href" not in render_markdown(f"[click]({target})")


def test_a_picture_is_shown_as_its_description() -> None:
    assert render_markdown("![a **small** cat](https://a.b/c.png)") == "<p>a **small** cat</p>"


def test_very_long_texts_are_shown_whole_but_plain() -> None:
    text = "*word* " * (LONGEST_MARKDOWN // 7 + 10)
    html = render_markdown(text + "\n\n<b>end</b>")
    assert html.startswith("<p>*word*")
    assert html.endswith("<p>&lt;b&gt;end&lt;/b&gt;</p>")


def test_output_is_bounded() -> None:
    assert len(render_markdown("a" * LONGEST_TEXT * 2)) <= LONGEST_TEXT + 10


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30_000,
        "*a_" * 10_000,
        "> " * 15_000,
        "![" * 15_000,
        "[a](" * 9_000,
        "|a|b|\n|-|-|\n" + "|a|b|\n" * 5_000,
    ],
)
def test_texts_made_to_be_slow_still_come_out(text: str) -> None:
    assert render_markdown(text)


@given(
    st.text(
        alphabet=st.sampled_from("<>\"'&=/[]()!`*_~#|-+.: \nahrefscriptjvo\x00\u202e"), max_size=120
    )
)
@settings(max_examples=150, deadline=None)
def test_no_text_makes_an_unlisted_tag(text: str) -> None:
    html = render_markdown(text)
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html)) <= ALLOWED_TAGS


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("What should I do?", "ltr"),
        ("ماذا أفعل؟", "rtl"),
        ("<p>iPhone هو الجهاز الذي أستعمله كل يوم</p>", "rtl"),
        ("<ul><li>اسأل من غيرك</li></ul>", "rtl"),
        ("מה לעשות", "rtl"),
        ("मुझे क्या करना चाहिए", "ltr"),
        ("The word سلام means peace", "ltr"),
        ("", "ltr"),
        ("12 + 3", "ltr"),
    ],
)
def test_direction_follows_the_letters_that_prevail(text: str, direction: str) -> None:
    assert text_direction(text) == direction
