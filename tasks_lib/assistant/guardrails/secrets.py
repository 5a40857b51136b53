"""Keys, tokens and passwords: known formats, assignments to telling names, and random strings beside a telling word."""

import math
from collections import Counter

import regex

from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.assistant.guardrails.normalise import normalise
from tasks_lib.config.guardrails import SecretsConfig

# Formats as their issuers document them.
_FORMATS: tuple[tuple[str, str], ...] = (
    (
        "PRIVATE_KEY",
        (
            r"-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,-]{0,8000}(?:-----END (?:"
            r"[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
    ),
    ("AWS_ACCESS_KEY", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("GITHUB_TOKEN", r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})"),
    ("GITLAB_TOKEN", r"(?<![A-Za-z0-9])gl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,60}"),
    (
        "SLACK_TOKEN",
        r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,250}|https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}",
    ),
    ("STRIPE_KEY", r"(?<![A-Za-z0-9])[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}"),
    ("GOOGLE_API_KEY", r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}"),
    ("MODEL_API_KEY", r"(?<![A-Za-z0-9])sk-(?:[a-z]{2,8}[0-9]{0,2}-){0,3}[A-Za-z0-9_-]{20,250}"),
    ("SENDGRID_KEY", r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("NPM_TOKEN", r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}"),
    ("PYPI_TOKEN", r"(?<![A-Za-z0-9])pypi-[A-Za-z0-9_-]{50,300}"),
    ("HUGGINGFACE_TOKEN", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,60}"),
    ("TWILIO_KEY", r"(?<![A-Za-z0-9])(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])"),
    (
        "JSON_WEB_TOKEN",
        r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{0,1000})?",
    ),
    ("CREDENTIALS_IN_URL", r"(?<![a-z])[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{1,100}:[^\s:/@]{3,200}@[^\s/]{1,200}"),
)
_ASSIGNED = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret(?:[_ -]?key)?|api[_ -]?key|access[_ -]?key|auth[_ -]?token|access[_ "
    r"-]?token|client[_ -]?secret|token|credential)"
    r"(?:\s?\((?:[^()\n]{0,40})\))?\s?(?:=|:|\bis\b)\s?[\"'`]?(?P<value>[^\s\"'`,;<>]{6,200})"
)
_TELLING = r"key|token|secret|password|credential|bearer|authorization|signature"
_RANDOM = r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{24,200}(?![A-Za-z0-9+/_=-])"
_NEAR = 40
_BITS_RANDOM, _BITS_ASSIGNED = 3.8, 2.3
"""Least entropy, in bits a character, of a random string and of an assigned one."""


class SecretsDetector:
    """Finds secrets in questions and answers.

    :param timeout: Seconds that one expression may take.
    """

    ends_by_itself = True

    def __init__(self, config: SecretsConfig) -> None:
        self._timeout = max(0.1, config.time_limit / 4)
        self._formats = [(kind, regex.compile(expression)) for kind, expression in _FORMATS]
        self._assigned = regex.compile(_ASSIGNED, regex.IGNORECASE)
        self._telling = regex.compile(_TELLING, regex.IGNORECASE)
        self._random = regex.compile(_RANDOM)

    def find(self, text: str, context: CheckContext) -> list[Finding]:  # noqa: ARG002 - as every detector
        """Every secret, most certain first where they overlap.

        :raises TimeoutError: If an expression exceeds its time.
        """
        seen = normalise(text)
        matches = [Finding(kind, *seen.span(a, b), score) for kind, a, b, score in self._matches(seen.text)]
        kept: list[Finding] = []
        for finding in sorted(matches, key=lambda f: -f.score):
            if all(finding.end <= k.start or finding.start >= k.end for k in kept):
                kept.append(finding)
        return sorted(kept, key=lambda f: f.start)

    def _matches(self, text: str) -> list[tuple[str, int, int, float]]:
        matches = [
            (kind, m.start(), m.end(), 1.0)
            for kind, expression in self._formats
            for m in expression.finditer(text, timeout=self._timeout, concurrent=False)
        ]
        matches += [
            ("PASSWORD", *m.span("value"), 0.8)
            for m in self._assigned.finditer(text, timeout=self._timeout, concurrent=False)
            if looks_secret(m["value"])
        ]
        for m in self._random.finditer(text, timeout=self._timeout, concurrent=False):
            near = text[max(0, m.start() - _NEAR) : m.start()]
            if (
                entropy(m[0]) >= _BITS_RANDOM
                and _mixed(m[0])
                and self._telling.search(near, timeout=self._timeout, concurrent=False)
            ):
                matches.append(("RANDOM_STRING", m.start(), m.end(), 0.7))
        return matches


def entropy(text: str) -> float:
    """Shannon entropy of the characters of `text`, in bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def looks_secret(value: str) -> bool:
    """Whether an assigned value is more than a word: letters with digits or signs, not too regular."""
    return _mixed(value) and entropy(value) >= _BITS_ASSIGNED


def _mixed(value: str) -> bool:
    return any(c.isalpha() for c in value) and any(c.isdigit() for c in value)
