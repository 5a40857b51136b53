"""What a site allows robots, as RFC 9309 has it: groups by agent, the longest rule that matches, `*` and `$`.

Python's own parser knows neither wildcards nor the longest match.
"""

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

AGENT = "llmops-flows"
"""The name that rules are looked up by."""
_MOST_BYTES = 500 * 1024
"""More than this is not read, as the RFC suggests."""
_LINE = re.compile(r"^\s*([A-Za-z-]+)\s*:\s*(.*?)\s*(?:#.*)?$")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_URL = _UNRESERVED | frozenset(":/?#[]@!$&'()*+,;=%")


@dataclass
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[tuple[bool, str]] = field(default_factory=list)
    delay: float | None = None


@dataclass(frozen=True)
class Robots:
    """The rules for one agent."""

    rules: tuple[tuple[bool, str], ...] = ()
    """Whether to allow, and the pattern."""
    delay: float = 0.0
    """Seconds between two requests."""

    def allows(self, url: str) -> bool:
        """Whether the page may be fetched: the longest pattern decides, `Allow` among equals."""
        parts = urlsplit(url)
        path = _normal((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        if path == "/robots.txt":
            return True
        matching = [(len(pattern), allow) for allow, pattern in self.rules if _matcher(pattern).match(path)]
        return max(matching)[1] if matching else True


ALL_ALLOWED = Robots()


def parse_robots(content: bytes, agent: str = AGENT) -> Robots:
    """The rules of `content` for `agent`: those of all groups that name it, else those for `*`."""
    groups = _groups(content[:_MOST_BYTES].decode("utf-8-sig", "replace").splitlines())
    named = [group for group in groups if agent.lower() in group.agents]
    chosen = named or [group for group in groups if "*" in group.agents]
    rules = tuple((allow, _normal(pattern)) for group in chosen for allow, pattern in group.rules if pattern)
    return Robots(rules, max((group.delay or 0.0 for group in chosen), default=0.0))


def _groups(lines: Iterable[str]) -> list[_Group]:
    groups: list[_Group] = []
    open_for_agents = False
    for line in lines:
        parts = _LINE.match(line)
        if parts is None:
            continue
        key, value = parts[1].lower(), parts[2]
        if key == "user-agent":
            if not open_for_agents:
                groups.append(_Group())
            groups[-1].agents.append(_product(value))
            open_for_agents = True
        elif groups and key in {"allow", "disallow", "crawl-delay"}:
            open_for_agents = False
            _add(groups[-1], key, value)
    return groups


def _product(value: str) -> str:
    """The name of an agent without its version."""
    name = re.match(r"[A-Za-z_-]+", value)
    return "*" if value.startswith("*") else name[0].lower() if name else value.lower()


def _add(group: _Group, key: str, value: str) -> None:
    if key != "crawl-delay":
        group.rules.append((key == "allow", value))
        return
    try:
        seconds = float(value)
    except ValueError:
        return
    if 0 <= seconds < float("inf"):
        group.delay = seconds


def _normal(path: str) -> str:
    """A path in one form of percent-encoding: what need not be is not; reserved characters stay as they are."""
    parts = re.split(r"(%[0-9A-Fa-f]{2})", path)
    return "".join(_octet(part) if len(part) == 3 and part[0] == "%" else _encoded(part) for part in parts)


def _octet(escape: str) -> str:
    character = chr(int(escape[1:], 16))
    return character if character in _UNRESERVED else escape.upper()


def _encoded(text: str) -> str:
    return "".join(
        character if character in _URL else "".join(f"%{octet:02X}" for octet in character.encode("utf-8", "replace"))
        for character in text
    )


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    anchored = pattern.endswith("$")
    parts = (pattern[:-1] if anchored else pattern).split("*")
    # each part at its first place: no pattern of a hostile file makes this slow
    body = re.escape(parts[0]) + "".join(f"(?>.*?{re.escape(part)})" for part in parts[1:-1])
    if len(parts) > 1:
        body += f".*{re.escape(parts[-1])}"
    return re.compile(body + (r"\Z" if anchored else ""), re.DOTALL)
