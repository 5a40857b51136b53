"""Whether a question stands alone, and the topic that is put before it when it does not."""

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import TYPE_CHECKING

from haystack import Document

from tasks_lib.dataset.extractive.facts import Fact
from tasks_lib.dataset.extractive.wording import ROLES, TIME_UNITS, is_name
from tasks_lib.text.words import content_stems, listed

if TYPE_CHECKING:
    from spacy.tokens import Token

_OWNERS = frozenset(listed("company employer organisation organization firm group"))
"""Known to whoever reads a document with a title; without one, nobody knows which company it is."""
_DOCUMENTS = frozenset(
    listed(
        "guide policy handbook overview plan report manual agreement code rules procedure charter statement directive"
    )
)
_POINTING = frozenset(
    listed("this these those such same latter former above below following here former aforementioned")
)
_SUBORDINATE = frozenset({"advcl", "relcl", "acl", "pcomp"})
_LONGEST_TOPIC = 6
_SOME = frozenset(listed("multiple several some many few various numerous"))
_FAR = 20_000
"""Characters behind a title without any heading, from where on a text is about something else."""
_EASILY_VAGUE = frozenset({"what_object", "why", "who"})
_NAMES = frozenset(listed("PERSON ORG GPE LOC FAC PRODUCT EVENT WORK_OF_ART LAW NORP"))
"""Entities one of which must be named where no heading says what the text is about."""


class Topics:
    """Titles and headings as they are written within a sentence.

    :param chunks: The chunks that questions are made from; their words tell which ones are written small.
    """

    def __init__(self, chunks: Iterable[Document]) -> None:
        texts = [chunk.content or "" for chunk in chunks]
        self._small = {word for text in texts for word in re.findall(r"\b[a-z]+\b", text)}
        self._names = {word for text in texts for word in re.findall(r"(?<=[a-z,] )[A-Z]\w+", text)}

    def standing_alone(self, fact: Fact) -> str | None:
        """The question as it stands alone, with its topic in front if it needs one; `None` if that does not help."""
        if any(_points_elsewhere(token, fact.tokens) for token in fact.tokens):
            return None
        title, heading = fact.sentence.chunk.meta.get("title"), _last(fact.sentence.chunk.meta.get("heading"))
        if _says_too_little(fact):
            return None
        vague = (fact.kind != "who" or bool(fact.subject)) and _is_vague(
            fact.subject_head, ROLES | _OWNERS if title else ROLES
        )
        if vague and not _is_topic(fact.subject_head, title, heading):
            return None
        named = any(is_name(token) and not token.is_sent_start for token in fact.tokens)
        about = content_stems(title or heading or "")
        question = self._with_names(fact)
        if not vague and (named or not about or about & content_stems(question)):
            return question[0].upper() + question[1:]
        headed = content_stems(heading or "")
        own_heading = vague and _is_topic(fact.subject_head, None, heading)
        if own_heading and len(headed) > 1 and headed <= content_stems(question):
            return question[0].upper() + question[1:]
        own_heading = own_heading and (len(headed) > 1 or not title)
        topic = self._topic(heading if own_heading else title, definite=own_heading)
        return f"{topic}, {question}" if topic else None

    def _with_names(self, fact: Fact) -> str:
        """The question with the capital of a name that begins its sentence, which no text writes small."""
        first = fact.sentence.parse[0].text
        small = first.lower()
        if not first.istitle() or small in self._small or first not in self._names:
            return fact.question
        return re.sub(rf"(?<![\w’'-]){re.escape(small)}(?![\w’'-])", first, fact.question, count=1)

    def _topic(self, title: str | None, *, definite: bool) -> str | None:
        """`Regarding annual leave`, `According to the office guide`."""
        words = re.sub(r"^[\W\d]+", "", title or "").split()
        if not 0 < len(words) <= _LONGEST_TOPIC or not all(re.fullmatch(r"[\w'’&-]+,?", word) for word in words):
            return None
        small = any(word[0].islower() and len(word) > 3 for word in words)
        written = " ".join(self._written(word, small=small) for word in words)
        if _DOCUMENTS & {word.lower() for word in words}:
            return f"According to the {written.removeprefix('the ')}"
        return f"Regarding the {written.removeprefix('the ')}" if definite else f"Regarding {written}"

    def _written(self, word: str, *, small: bool) -> str:
        """A word of a title without the capital of the title's style; `small`: other words of the title have none."""
        if word.lower() in self._small:
            return word.lower()
        if word.isupper():
            return word.title() if len(word) > 4 else word
        return word if word in self._names or not small else word[0].lower() + word[1:]


def _last(heading: str | None) -> str | None:
    return heading.split(" > ")[-1] if heading else None


def _is_vague(head: "Token", known: frozenset[str]) -> bool:
    """`the request`: something that an earlier sentence introduced."""
    children = [token for token in head.children if not token.is_punct]
    definite = any(token.lower_ == "the" for token in children)
    specific = any(token.dep_ in {"compound", "prep", "relcl", "poss", "acl", "appos", "conj"} for token in children)
    return definite and not specific and head.lemma_.lower() not in known and head.pos_ != "PROPN"


def _says_too_little(fact: Fact) -> bool:
    """Whether something in the question is known from earlier sentences only, or nothing at all is named."""
    headed = _has_topic(fact)
    if not headed and fact.subject and _is_any(fact.subject_head):
        return True
    if (not headed or fact.kind in _EASILY_VAGUE) and any(_is_unnamed(token, fact) for token in fact.tokens):
        return True
    named = (token.ent_type_ in _NAMES or (is_name(token) and not token.is_sent_start) for token in fact.tokens)
    return not headed and not any(named)


def _is_any(head: "Token") -> bool:
    """`multiple maps`, `a team of writers`: some of a kind, of which only the sentences before tell the occasion."""
    if head.pos_ == "PROPN":
        return False
    before = [token for token in head.subtree if token.i <= head.i]
    return any(token.lower_ in _SOME for token in before) or not any(
        token.lower_ in {"the", "each", "every", "all"} or token.dep_ == "poss" or is_name(token) for token in before
    )


def _is_unnamed(token: "Token", fact: Fact) -> bool:
    """`the deal` beside the subject, which only the sentences before make known."""
    if token is fact.subject_head or token.pos_ != "NOUN" or not _is_vague(token, _known(fact)):
        return False
    meta = fact.sentence.chunk.meta
    return not _is_topic(token, meta.get("title"), _last(meta.get("heading")))


def _known(fact: Fact) -> frozenset[str]:
    """Nouns that everybody knows who knows the document: without a topic, nobody knows which company is meant."""
    return ROLES | _OWNERS if _has_topic(fact) else ROLES


def _has_topic(fact: Fact) -> bool:
    """Whether a heading, or a title that is not far, says what the text is about."""
    meta = fact.sentence.chunk.meta
    return bool(meta.get("heading") or (meta.get("title") and int(meta["start"]) < _FAR))


def _is_topic(head: "Token", title: str | None, heading: str | None) -> bool:
    """Whether the title or heading says what the vague noun is."""
    names = content_stems(f"{title or ''} {heading or ''}")
    return bool(names & content_stems(head.text))


def _points_elsewhere(token: "Token", words: "tuple[Token, ...]") -> bool:
    """Pronouns and demonstratives that need the sentences before."""
    if token.lower_ in _POINTING or (token.lower_ == "that" and token.tag_ == "DT"):
        return True
    if token.lower_ in {"one", "ones"} and token.dep_ != "nummod":
        return True
    if token.lower_ in {"another", "others", "both", "further"}:
        return True
    if token.tag_ not in {"PRP", "PRP$"} or token.lower_ in {"himself", "herself", "itself", "themselves"}:
        return False
    if token.lower_ in {"it", "they"} and not any(word.dep_ in _SUBORDINATE for word in token.ancestors):
        return True
    return token.lower_ not in {"it", "its", "they", "their"} or not _has_antecedent(token, words)


def _has_antecedent(pronoun: "Token", words: "tuple[Token, ...]") -> bool:
    """A noun of the same number that stands before the pronoun, in the sentence and in the question."""
    tags = {"NNS", "NNPS"} if pronoun.lower_ in {"they", "their"} else {"NN", "NNP"}
    before = takewhile(lambda word: word.i != pronoun.i, words)
    return any(word.tag_ in tags and word.lemma_.lower() not in TIME_UNITS and word.i < pronoun.i for word in before)
