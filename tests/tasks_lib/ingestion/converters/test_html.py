"""A page is read as a browser shows it, without what stands around its content."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError


def text_of(body: str) -> str:
    return convert("a.html", f"<html><head><title>T</title></head><body>{body}</body></html>".encode()).text


def test_cells_that_span_rows_and_columns_fill_them() -> None:
    table = (
        "<table><thead><tr><th rowspan=2>Region</th><th colspan=2>Rate</th></tr>"
        "<tr><th>2025</th><th>2026</th></tr></thead>"
        "<tr><td rowspan=2>West</td><td>1</td><td>2</td></tr><tr><td></td><td>4</td></tr></table>"
    )
    assert text_of(table).splitlines()[2:] == [
        "| Region: West | Rate 2025: 1 | Rate 2026: 2 |",
        "| Region: West | Rate 2025: | Rate 2026: 4 |",
    ]


def test_definitions_stand_behind_what_they_define() -> None:
    text = text_of(
        "<dl><dt>Fee</dt><dd>Nine euros.</dd><div><dt>A</dt><dt>B</dt><dd>Both.</dd></div><dt>Alone</dt></dl>"
    )
    assert text.split("\n") == ["Fee: Nine euros.", "A, B: Both.", "", "Alone"]


def test_details_are_read_open_or_not_and_pictures_by_their_alternative_text() -> None:
    text = text_of("<details><summary>More</summary>Hidden detail 42</details><p><img alt='A crane' src=x>lifts.</p>")
    assert text == "More\n\nHidden detail 42\n\nA crane lifts."


def test_items_hold_blocks_and_other_lists() -> None:
    items = "<li>Stop<p>at once.</p><ul><li>belt<li>lift</ul><li value=7><pre>run  it</pre></li>"
    assert text_of(f"<ol start=3>{items}</ol><p>After.</p>").split("\n") == [
        *("3. Stop", "  at once.", "  - belt", "  - lift", "7. run  it", "", "After.")
    ]


@pytest.mark.parametrize(
    ("kind", "marks"), [("type=a", "a. b."), ("type=I", "I. II."), ("reversed", "2. 1."), ("", "1. 2.")]
)
def test_numbers_of_lists_are_those_that_are_shown(kind: str, marks: str) -> None:
    assert re.findall(r"\S+\.", text_of(f"<ol {kind}><li>x</li><li>y</li></ol>")) == marks.split()


def test_what_stands_around_the_content_is_left_out() -> None:
    body = (
        "<header><h1>Guide</h1></header><nav>Home</nav>"
        "<div class='side-menu menu'><a href=x>Shop</a> <a href=y>Help</a></div>"
        "<p>Leave is 27 days.</p><p hidden>draft</p><p style='display: none'>draft</p><script>x()</script>"
        "<article><p>Text</p><footer>By Ada.</footer></article><footer>Imprint</footer>"
    )
    assert text_of(body) == "Guide\n\nLeave is 27 days.\n\nText\n\nBy Ada."
    assert text_of("<p>Around</p><main><p>Inside</p></main>") == "Inside"


def test_a_page_that_is_nothing_but_navigation_is_read() -> None:
    assert text_of("<nav><a href=x>Start here</a></nav>") == "Start here"


def test_raised_and_lowered_digits_stay_apart_from_their_numbers() -> None:
    assert text_of("<p>10<sup>6</sup> of H<sub>2</sub>O, see<sup>a</sup></p>") == "10⁶ of H₂O, seea"


def test_a_table_that_only_places_its_content_is_no_table() -> None:
    page = "<table role=presentation><tr><td><h2>Scope</h2><p>All.</p></td><td>Side</td></tr></table>"
    document = convert("a.html", page.encode())
    assert document.text == "Scope\n\nAll.\n\nSide"
    assert [heading.text for heading in document.headings] == ["Scope"]


@pytest.mark.parametrize("tag", ["div", "ul><li", "table><tr><td", "b", "dl><dd", "blockquote"])
def test_deep_nesting_ends(tag: str) -> None:
    page = f"<p>Leave is 27 days.</p>{f'<{tag}>' * 5000}deep"
    assert convert("a.html", page.encode()).text.startswith("Leave is 27 days.")


def test_spans_of_millions_are_bounded() -> None:
    rows = "<tr><td colspan=99999999 rowspan=99999999>x</td><td>y</td></tr>" * 3
    assert "y" in text_of(f"<table>{rows}</table>")


@pytest.mark.parametrize("page", ["<!-- x -->", "<html><body></body></html>", "<svg>x</svg>"])
def test_a_page_without_text_is_named_empty(page: str) -> None:
    with pytest.raises(UnreadableDocumentError, match="empty"):
        convert("a.html", page.encode())


def blocks(words: Any) -> st.SearchStrategy[str]:
    """Elements that hold words, within each other."""
    inline = st.builds(
        lambda tag, text: f"<{tag}>{text}</{tag}> ", st.sampled_from(["b", "a", "span", "code", "i"]), words
    )
    run = st.lists(inline | words.map(lambda word: f"{word} "), min_size=1, max_size=3).map("".join)

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        some = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            some.map(lambda parts: f"<div>{''.join(parts)}</div>"),
            some.map(lambda parts: f"<ul>{''.join(f'<li>{part}</li>' for part in parts)}</ul>"),
            some.map(lambda parts: f"<ol>{''.join(f'<li>{part}' for part in parts)}</ol>"),
            some.map(lambda parts: f"<dl>{''.join(f'<dt>{part}</dt><dd>{part}</dd>' for part in parts)}</dl>"),
            some.map(lambda parts: f"<table><tr>{''.join(f'<td>{part}</td>' for part in parts)}</tr></table>"),
            some.map(lambda parts: f"<details><summary>{parts[0]}</summary>{''.join(parts[1:])}</details>"),
            inner.map(lambda part: f"<blockquote>{part}</blockquote>"),
        )

    leaf = st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", st.sampled_from(["p", "h2", "pre", "div"]), run)
    return st.recursive(leaf, grow, max_leaves=8)


@given(blocks(st.integers(0, 10**6).map(lambda number: f"w{number}x")))
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_word_is_read_as_often_as_it_stands_and_in_its_order(body: str) -> None:
    text = text_of(body + "<p>end</p>")
    wanted = re.findall(r"w\d+x", re.sub(r"<[^>]+>", " ", body))
    assert re.findall(r"w\d+x", text) == wanted


INSIDE = ("div", "span", "b", "blockquote", "section", "ul", "li", "table", "td", "dl", "dd", "p")


@given(st.lists(st.sampled_from(INSIDE), min_size=1, max_size=6), st.integers(1, 150), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_word_is_lost_however_deep_it_lies(tags: list[str], times: int, spoken: bool) -> None:
    inside = [tags[number % len(tags)] for number in range(len(tags) * times)]
    words = [f"w{number}x" for number in range(len(inside))]
    opened = "".join(f"<{tag}>{word} " for tag, word in zip(inside, words, strict=True))
    unseen = "" if spoken else "<script>unseen()</script><p hidden>unseen</p>"
    text = text_of(
        f"<p>before</p>{opened}{unseen}innermost{''.join(f'</{tag}>' for tag in reversed(inside))}<p>after</p>"
    )
    assert {"before", *words, "innermost", "after"} == set(re.findall(r"before|after|innermost|w\d+x|unseen", text))


def test_a_page_that_no_parser_reads_to_its_end_says_so() -> None:
    page = f"<p>before</p>{'<div>' * 3000}deep{'</div>' * 3000}<p>after</p>"
    document = convert("a.html", page.encode())
    assert (document.text, "left out" in document.doubt) == ("before", True)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("<table><form><tr><td>a</td><td>b</td></tr></form></table>", ["| a | b |"]),
        ("<table>before <tr>odd<td>a</td><td>b</td></tr></table>", ["before odd", "", "| a | b |"]),
        ("<table><tr><div><td>a</td></div><td>b</td></tr></table>", ["| a | b |"]),
        ("<ul>first<li>a</li>between<li>b</li></ul>", ["first", "", "- a", "", "between", "", "- b"]),
        ("<dl>first<div><dt>a</dt><dd>b</dd></div></dl>", ["first", "", "a: b"]),
        ("<h2><button>Why?</button></h2><div>Because.</div>", ["Why?", "", "Because."]),
        ('<button aria-expanded="false">Why?</button><div>Because.</div>', ["Why?", "", "Because."]),
        ("<button>Copy</button><p>text</p>", ["text"]),
    ],
)
def test_what_stands_where_it_should_not_is_read_as_browsers_show_it(body: str, lines: list[str]) -> None:
    assert text_of(body).splitlines() == lines


def test_a_cell_over_many_rows_is_no_bomb() -> None:
    rows = "<tr><td>x</td></tr>" * 3000
    with pytest.raises(UnreadableDocumentError, match="too large: more than 100 million characters"):
        text_of(f"<table><tr><td rowspan=3001>{'long ' * 10_000}</td><td>x</td></tr>{rows}</table>")
