"""Attempts to change the assistant's instructions, in questions and in passages: rules, and two small classifiers."""

import math
import re

import numpy as np

from tasks_lib.assistant.contract.embedder import Embedder, in_process
from tasks_lib.assistant.guardrails.detection import CheckContext, Finding, parts_of
from tasks_lib.assistant.guardrails.injection_cue_model import CueModel, cue_model, in_english
from tasks_lib.assistant.guardrails.injection_cues import cue_words
from tasks_lib.assistant.guardrails.injection_meaning import MeaningModel, meaning_model
from tasks_lib.assistant.guardrails.injection_model import injection_model, windows
from tasks_lib.assistant.guardrails.injection_rules import LONGEST, InjectionRules
from tasks_lib.assistant.guardrails.normalise import NormalisedText, encoded_parts, normalise, one_line, plain_words
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.guardrails import InjectionConfig
from tasks_lib.text.follow_ups import is_bare_case
from tasks_lib.text.languages import language_of
from tasks_lib.text.sentences import sentence_spans

PROMPT, INSTRUCTION = "PROMPT_INJECTION", "INJECTED_INSTRUCTION"
"""Kinds: in a question, and in a passage."""

RULE_SCORE = 0.99
_TURNS = 4
"""Latest turns of the user that the classifier reads; rules read all."""
_CUE = re.compile(
    r"\b(?:assistants?|AI|LLM|language models?|chatbots?|GPT|prompts?|instructions?|rules|ignore|disregard|forget|"
    r"pretend|from now on|act as|you are|you're|you (?:must|will)|(?:your|the) (?:answer|response|reply|output))\b|```",
    re.IGNORECASE,
)
"""What a later part of a long turn must hold for the classifier to read it: embedding every part takes too long."""
_ADDRESSES_A_MODEL = re.compile(
    r"\b(?:assistants?|AI|LLM|language models?|chatbots?|GPT|prompts?|instructions?|ignore|disregard|forget|pretend|"
    r"(?:your|the) (?:answer|response|reply|output))\b",
    re.IGNORECASE,
)

_TELLING = (frozenset({"drop", "prior", "rules"}), frozenset({"ai", "answer"}), frozenset({"ai", "drop"}))
"""The same in other languages: what a sentence of a passage speaks of together."""


class InjectionScorer:
    """Rules and classifiers together; shared by the detectors of questions and passages.

    :param cues: The classifier of cue words, if not the one of the package; likewise `meaning`.
    """

    def __init__(
        self,
        config: InjectionConfig,
        embedder: Embedder,
        cues: CueModel | None = None,
        meaning: MeaningModel | None = None,
    ) -> None:
        self.embedder = embedder
        self._rules = InjectionRules(timeout=max(0.1, config.time_limit / 8))
        self._english = injection_model() if injection_model().reads(embedder) else None
        by_meaning = meaning or meaning_model()
        self._meaning = by_meaning if self._english is None and by_meaning.reads(embedder) else None
        self._cues = cues or cue_model()

    def rule_spans(self, seen: NormalisedText) -> set[tuple[int, int]]:
        """What the rules find in the text, over the ends of lines and turns, behind digits for letters, in Base64."""
        spans = self._wordings(seen.text)
        if (line := one_line(seen.text)).text != seen.text:
            spans |= {line.span(start, end) for start, end in self._wordings(line.text)}
        encoded = encoded_parts(seen.text)
        return spans | {(start, end) for start, end, text in encoded if self._rules.spans(normalise(text).text)}

    def _wordings(self, text: str) -> set[tuple[int, int]]:
        spans = set(self._rules.spans(text))
        plain, changed = plain_words(text)
        for part in _around(changed, LONGEST):
            spans.update(self._rules.spans(plain, part))
        return spans

    def model_scores(self, texts: list[str], vectors: Vectors) -> list[float]:
        """Score of every text by the classifiers, from 0.5 on an attempt.

        With the default embedder English is read by two, other languages by their cue words; with multilingual-e5-small
        every language by meaning and by cue words. With any other embedder cue words decide alone.
        """
        by_cues = [self._cues.logit(text) for text in texts]
        if self._meaning is not None and texts:
            return [
                _probability(self._meaning.with_cues(vector, cues, english=language_of(text) == "en"))
                for text, vector, cues in zip(texts, vectors.of(texts), by_cues, strict=True)
            ]
        if self._english is None or not texts:
            return [_probability(logit) for logit in by_cues]
        rows = zip(texts, vectors.of(texts), by_cues, strict=True)
        return [self._of_both(text, self._english.logit(text, vector), cues) for text, vector, cues in rows]

    def foreign_score(self, text: str) -> float:
        """Score by cue words alone, which costs no embedding; 0 for English, of which they say too little."""
        return 0.0 if language_of(text) == "en" else _probability(self._cues.logit(text))

    def _of_both(self, text: str, english: float, cues: float) -> float:
        if language_of(text) == "en":
            cues = in_english(english, cues) - self._cues.english
        return _probability(max(english, cues) if english >= 0 else cues)

    def score(self, text: str) -> float:
        """Greatest score of any part of `text`: certain where a rule matches, else the classifiers'."""
        seen = normalise(text)
        if self.rule_spans(seen):
            return RULE_SCORE
        parts = [seen.text[a:b] for a, b in windows(seen.text)]
        return float(np.max(self.model_scores(parts, Vectors(self.embedder)), initial=0.0))


class InjectionDetector:
    """Finds attempts in the turns of a conversation."""

    def __init__(self, scorer: InjectionScorer, config: InjectionConfig) -> None:
        self._scorer = scorer
        self._config = config
        self.ends_by_itself = in_process(scorer.embedder)

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """The sentences that a rule matches, and the parts of the user's turns that the classifier does."""
        seen = normalise(text)
        by_rule = [Finding(PROMPT, a, b, RULE_SCORE) for a, b in _sentences(seen, self._scorer.rule_spans(seen))]
        if by_rule and self._config.on_input == "refuse":
            return by_rule
        texts = {(a, b): normalise(text[a:b]).text.strip() for a, b, _ in _user_windows(context)}
        read = [
            (a, b)
            for a, b, first in _user_windows(context)
            if _CUE.search(text[a:b]) or (first and not _asks_for_a_case(text[a:b]))
        ]
        vectors = context.vectors or Vectors(self._scorer.embedder)
        scores = dict(zip(read, self._scorer.model_scores([texts[span] for span in read], vectors), strict=True))
        scores |= {span: self._scorer.foreign_score(own) for span, own in texts.items() if span not in scores}
        return by_rule + [
            Finding(PROMPT, a, b, score) for (a, b), score in scores.items() if score >= self._config.threshold
        ]


class PassageInjectionDetector:
    """Finds sentences of passages that speak to the assistant instead of to a reader.

    Rules read everything; the classifiers only sentences that name an assistant, a prompt or an answer, since passages
    are many and long.
    """

    def __init__(self, scorer: InjectionScorer, config: InjectionConfig) -> None:
        self._scorer = scorer
        self._config = config
        self.ends_by_itself = in_process(scorer.embedder)

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """The sentences that hold an instruction."""
        seen = normalise(text)
        by_rule = _sentences(seen, self._scorer.rule_spans(seen))
        doubtful = [
            seen.span(a, b)
            for a, b in sentence_spans(seen.text, every_stop=True)
            if _may_address_a_model(seen.text[a:b]) and seen.span(a, b) not in by_rule
        ]
        vectors = context.vectors or Vectors(self._scorer.embedder)
        scores = self._scorer.model_scores([normalise(text[a:b]).text.strip() for a, b in doubtful], vectors)
        by_model = [
            Finding(INSTRUCTION, a, b, score)
            for (a, b), score in zip(doubtful, scores, strict=True)
            if score >= self._config.threshold
        ]
        return [Finding(INSTRUCTION, a, b, RULE_SCORE) for a, b in by_rule] + by_model


def _asks_for_a_case(turn: str) -> bool:
    """Whether a turn is a few words behind a preposition, none of them a cue: it holds no instruction to be found.

    The classifier has learnt from sentences, and takes one in five of such follow-ups for an attempt.
    """
    return is_bare_case(turn) and not any(cue_words().found(turn))


def _may_address_a_model(sentence: str) -> bool:
    if _ADDRESSES_A_MODEL.search(sentence):
        return True
    concepts = frozenset[str]().union(*cue_words().found(sentence))
    return any(concepts >= telling for telling in _TELLING) and language_of(sentence) != "en"


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))


def _around(spans: list[tuple[int, int]], reach: int) -> list[tuple[int, int]]:
    """The spans with `reach` characters on both sides, joined where they meet."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start - reach <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end + reach)
        else:
            joined.append((max(0, start - reach), end + reach))
    return joined


def _user_windows(context: CheckContext) -> list[tuple[int, int, bool]]:
    """Windows of the user's latest turns, as positions in the joined conversation, and whether each begins its turn."""
    parts = parts_of(len(m.content) for m in context.messages)
    turns = [
        (start, message.content)
        for message, (start, _) in zip(context.messages, parts, strict=True)
        if message.role == "user" and message.content.strip()
    ]
    return [(start + a, start + b, a == 0) for start, content in turns[-_TURNS:] for a, b in windows(content)]


def _sentences(seen: NormalisedText, spans: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Positions, in the original text, of the whole sentences that the spans touch."""
    return [
        seen.span(start, end)
        for start, end in (sentence_spans(seen.text, every_stop=True) if spans else ())
        if any(a < end and b > start for a, b in spans)
    ]
