"""Which questions about a clause would read badly, and which can do without some of its phrases."""

from typing import TYPE_CHECKING

from tasks_lib.dataset.extractive.clauses import Clause, head_of
from tasks_lib.dataset.extractive.phrases import WhPhrase
from tasks_lib.text.words import MONTHS, WEEKDAYS, content_stems, listed

if TYPE_CHECKING:
    from spacy.tokens import Token

_MOST_PIECES = 3
_SIMPLE = frozenset({"prep", "dobj", "npadvmod", "agent"})
"""What may stand beside an object that is asked for: other parts are where a parse goes wrong."""
_MISREAD = frozenset({"appos", "dep"})
"""What hangs on a verb only where a list was cut in the wrong place."""
_DEFINING = frozenset({"what", "who"})
_RELATIONAL = frozenset(
    listed(
        "influence favorite favourite part result reason example case success failure source matter factor effect "
        "cause kind way step sign first last one aspect"
    )
)
"""Nouns that say how a thing stands to others, and not what it is."""
_FEWEST_DEFINING = 3
"""Content words that tell what a thing is: `a childhood favourite` tells little."""
_EVENTS = frozenset({"when", "where"})
_CIRCUMSTANCES = frozenset(
    listed("in at during after before by due because near within since until despite following throughout")
)
"""Prepositions of phrases that a question about an event can do without."""
_NEED_THEM = frozenset(
    listed("be live stay remain lie stand work put place locate arrive move go come serve begin start end take have")
)
"""Verbs that say little without such a phrase."""


def reads_badly(clause: Clause, phrase: WhPhrase, used: tuple[int, ...]) -> bool:
    """Whether what stays of the clause would stand in the wrong order, or the answer lacks what belongs to it.

    :param used: Numbers of the pieces (`after`, then `before`) that the question words replace.
    """
    if any(token.lower_ == "only" for token in clause.between):
        return True
    pieces = [*clause.after, *clause.before]
    asked, kept = pieces[used[0]], [tokens for number, tokens in enumerate(pieces) if number not in used]
    if phrase.kind == "what_object" and (
        len(pieces) > _MOST_PIECES
        or any(head_of(piece).dep_ not in _SIMPLE for piece in pieces)
        or any(piece[0].nbor(-1).text == "," for piece in clause.after)
    ):
        return True
    if phrase.kind == "why" and used[-1] != len(clause.after) - 1:
        return True
    if phrase.kind in {*_DEFINING, "what_object"} and _goes_on(pieces[used[-1]]):
        return True
    labels = {head_of(tokens).dep_ for tokens in kept}
    if head_of(asked).dep_ != "attr":
        passive = any(token.dep_ == "auxpass" for token in clause.auxiliaries)
        return bool(
            (clause.is_copula and "attr" in labels)
            or ((phrase.tail or passive) and "dobj" in labels)
            or (passive and any(_is_name(head_of(tokens)) for tokens in kept))
            or not _MISREAD.isdisjoint(labels)
        )
    return phrase.kind in _DEFINING and (bool(kept) or not _defines(clause, phrase, asked))


def _is_name(head: "Token") -> bool:
    return head.pos_ == "PROPN" and head.ent_type_ not in {"DATE", "TIME"} and head.lower_ not in WEEKDAYS | MONTHS


def circumstances(clause: Clause, phrase: WhPhrase, used: tuple[int, ...]) -> tuple[int, ...]:
    """Pieces without which the question asks the same, as those ask it who do not know the sentence."""
    if phrase.kind not in _EVENTS or clause.verb.lemma_ in _NEED_THEM:
        return ()
    return tuple(
        number
        for number, tokens in enumerate([*clause.after, *clause.before])
        if number not in used
        and (head_of(tokens).dep_ == "advcl" or (head_of(tokens).dep_ == "prep" and tokens[0].lower_ in _CIRCUMSTANCES))
    )


def _goes_on(tokens: "list[Token]") -> bool:
    """Whether the sentence lists more than the answer, which the parse has hung on the verb."""
    rest = list(tokens[0].doc[tokens[-1].i + 1 : tokens[-1].sent.end])
    if rest and rest[0].text == ",":
        rest = rest[1:]
    if not rest or rest[0].lower_ not in {"and", "or"}:
        return False
    joined = next((token for token in rest if token.dep_ == "conj"), None)
    return joined is None or joined.pos_ not in {"VERB", "AUX"}


def _defines(clause: Clause, phrase: WhPhrase, tokens: "list[Token]") -> bool:
    """Whether the complement says what the subject is: by a noun of its own, with enough beside it."""
    head = head_of(tokens)
    if head.lemma_.lower() in _RELATIONAL or head.lemma_ == clause.subject_head.lemma_:
        return False
    return tokens[0].lower_ not in {"a", "an"} or len(content_stems(phrase.answer)) >= _FEWEST_DEFINING
