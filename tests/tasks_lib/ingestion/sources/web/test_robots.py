"""What robots.txt allows, as RFC 9309 has it."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.sources.web.robots import parse_robots

SITE = "https://a.com"
SEGMENTS = st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=4)
PATTERNS = st.text("abc/*", max_size=8).map(lambda text: f"/{text}")


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        ("", "/x", True),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: *\nDisallow: /", "/x", False),
        ("user-AGENT: * # all\n\n disallow : /x # these", "/x/y", False),
        ("Disallow: /", "/x", True),  # before any agent: it is nobody's
        ("User-agent: *\nDisallow: /x\nAllow: /x/y", "/x/y/z", True),
        ("User-agent: *\nDisallow: /x\nAllow: /x", "/x", True),
        ("User-agent: *\nAllow: /p\nDisallow: /page", "/page", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: /*.pdf", "/a/b.pdf?x", False),
        ("User-agent: *\nDisallow: /*?id=", "/a?id=3", False),
        ("User-agent: *\nDisallow: /\nUser-agent: llmops-flows\nDisallow: /x", "/y", True),
        ("User-agent: LLMops-Flows/2.0\nDisallow: /", "/y", False),
        ("User-agent: llmops\nDisallow: /", "/y", True),
        ("User-agent: one\nUser-agent: llmops-flows\nSitemap: /s.xml\nDisallow: /x", "/x", False),
        (
            "User-agent: llmops-flows\nAllow: /a\nUser-agent: x\nDisallow: /\nUser-agent: llmops-flows\nDisallow: /b",
            "/b",
            False,
        ),
        ("User-agent: *\nDisallow: /%7Eann", "/~ann/x", False),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC", False),
        ("User-agent: *\nDisallow: /a%2fb", "/a/b", True),
        ("User-agent: *\nDisallow: /a%3ab", "/a:b", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("\ufeffUser-agent: *\r\nDisallow: /x\r\n", "/x", False),
    ],
)
def test_rules_of_the_standard(robots: str, path: str, *, allowed: bool) -> None:
    assert parse_robots(robots.encode()).allows(SITE + path) is allowed


@given(patterns=st.lists(st.tuples(st.booleans(), PATTERNS, st.sampled_from(["", "$"])), max_size=5), segments=SEGMENTS)
def test_the_longest_pattern_that_matches_decides(patterns: list[tuple[bool, str, str]], segments: list[str]) -> None:
    """Held against each pattern as an ordinary regular expression."""
    path = "/" + "/".join(segments)
    lines = [f"{'Allow' if allow else 'Disallow'}: {pattern}{end}" for allow, pattern, end in patterns]
    rules = parse_robots("\n".join(["User-agent: *", *lines]).encode())

    def matches(pattern: str, end: str) -> bool:
        expression = ".*".join(re.escape(part) for part in pattern.split("*"))
        return bool(re.match(expression + (r"\Z" if end else ""), path))

    matching = [(len(pattern + end), allow) for allow, pattern, end in patterns if matches(pattern, end)]
    assert rules.allows(SITE + path) is (max(matching)[1] if matching else True)


@given(
    st.text(min_size=1, max_size=10)
    .filter(str.isprintable)
    .filter(lambda text: not re.search(r"[\s:/?#\[\]@!$&'()*+,;=%]", text))
)
def test_a_letter_and_its_escape_are_one(text: str) -> None:
    for written, asked in ((text, quote(text)), (quote(text), text)):
        rules = parse_robots(f"User-agent: *\nDisallow: /x{written}".encode())
        assert not rules.allows(f"{SITE}/x{asked}")


@given(st.binary(max_size=300))
def test_any_bytes_are_rules_or_none(content: bytes) -> None:
    assert parse_robots(content).allows(f"{SITE}/x") in {True, False}


def test_a_hostile_pattern_comes_to_an_end() -> None:
    """Backtracking would not."""
    rules = parse_robots(b"User-agent: *\nDisallow: /" + b"*a" * 2000 + b"b$")
    assert rules.allows(f"{SITE}/{'a' * 4000}")


@pytest.mark.parametrize(
    ("value", "seconds"), [("5", 5.0), ("0.5", 0.5), ("-1", 0.0), ("soon", 0.0), ("inf", 0.0), ("nan", 0.0)]
)
def test_delay(value: str, seconds: float) -> None:
    assert parse_robots(f"User-agent: *\nCrawl-delay: {value}".encode()).delay == seconds
