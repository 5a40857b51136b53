"""Words that decide which question fits a phrase, and how a phrase is written inside a question."""

import re
from typing import TYPE_CHECKING

from tasks_lib.text.words import listed

if TYPE_CHECKING:
    from spacy.tokens import Token

TIME_UNITS = frozenset(listed("second minute hour day night week fortnight month quarter year decade century"))
MONEY_UNITS = frozenset(listed("euro dollar pound cent franc yen krone eur usd gbp € $ £"))
PERCENT_UNITS = frozenset(listed("percent % per-cent"))
ROLES = frozenset(
    listed(
        "manager director host officer team committee president minister board assistant coordinator buddy lead doctor "
        "accountant owner sponsor secretary council department desk head deputy reviewer colleague court "
        "congress senate government administration agency bank auditor supervisor chair chairman engineer scientist "
        "author editor composer architect captain general king queen emperor governor mayor judge teacher professor "
        "lawyer founder inventor discoverer leader commander researcher administrator chief finance hr"
    )
)
CLOCK = re.compile(r"\d{1,2}:\d{2}|\d{1,2}(?::\d{2})?\s?[ap]\.?m\.?|noon|midnight", re.IGNORECASE)
YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")


def written(tokens: "list[Token]") -> str:
    """The tokens as text, without the capital that only the start of a sentence asks for."""
    text = "".join(token.text_with_ws for token in tokens).strip()
    return lowered(tokens[0], text) if tokens else ""


def lowered(first: "Token", text: str) -> str:
    """`text` with a small first letter, if `first` is capital only because it starts its sentence."""
    if not first.is_sent_start or not text[0].isupper() or is_name(first):
        return text
    return text[0].lower() + text[1:]


def is_name(token: "Token") -> bool:
    """Whether the word keeps its capital anywhere: a proper noun, an acronym, a product such as iPhone."""
    if any(letter.isupper() for letter in token.text[1:]) or token.text == "I":
        return True
    if token.is_sent_start and token.i + 1 < len(token.doc) and token.nbor().is_title:
        return token.pos_ != "DET" and token.is_title
    if not token.is_title:
        return False
    return token.pos_ == "PROPN" and not (token.is_sent_start and token.tag_ == "NNPS" and not token.ent_type_)


def tidied(text: str) -> str:
    """Text that was written word by word (`the game 's theme , by May 'n .`) with its blanks as usual."""
    text = re.sub(r"\s*@([-,.])@\s*", r"\1", text)
    text = re.sub(r"\s+([,.;:?!%)]|n't\b|'s\b|’s\b)", r"\1", text)
    text = re.sub(r"([(])\s+", r"\1", text)
    return re.sub(r"\s+", " ", text).strip(" ,;:")
