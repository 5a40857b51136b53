"""Questions that lean on the one before them."""

import re

from tasks_lib.text.analyser import UNTOLD, document_terms
from tasks_lib.text.languages import language_of
from tasks_lib.text.words import content_stems, words

FEW_WORDS = 2
"""A question with fewer content words leans on the one before."""
FEW_CHARACTERS = 6
"""The same for Chinese and Japanese."""
SHORT = 12
"""Words; a longer question brings what its pronouns refer to."""

_OPENINGS = {
    "en": r"and|but|or|also|what about|how about|what if|what else|same for",
    "de": r"und|aber|oder|auch|was ist mit|wie ist es mit|wie sieht es mit|gilt das auch",
    "fr": r"et|mais|ou alors|aussi|qu['’]en est-il|même chose pour",
    "es": r"y|pero|también|qué tal|qué pasa con|lo mismo para",
    "it": r"e|ma|oppure|anche|che ne è di|lo stesso per",
    "pt": r"e|mas|também|e quanto a|o mesmo para",
    "nl": r"en|maar|of|ook|hoe zit het met|en hoe",
    "pl": r"a|ale|i|też|a co z|co z|to samo",
}
_REFERENCES = {
    "en": r"it|its|they|them|their|those|these|he|she|him|her|his|the same|instead"
    r"|(?:about|for|of|with|do|does|is|was|after|before|from|to) (?:that|this)",
    "de": r"ihn|ihm|ihnen|ihre[rmns]?|deren|dessen|davon|dafür|darüber|damit|dabei|stattdessen|das gleiche|dasselbe",
    "fr": r"elles?|lui|leurs?|ça|cela|celle?s?-ci|ceux-ci|à la place|la même chose",
    "es": r"él|ella|ellos|ellas|eso|esto|esos|esas|lo mismo|en su lugar",
    "it": r"lui|lei|loro|ciò|questo|quello|lo stesso|invece",
    "pt": r"ele|ela|eles|elas|isso|isto|o mesmo|em vez disso",
    "nl": r"hij|hem|haar|hun|daarvan|daarvoor|daarover|hetzelfde|in plaats daarvan",
    "pl": r"on|ona|oni|one|jego|jej|ich|tego|to samo|zamiast",
}
_JOINED = re.compile(r"^\W*(?:那么?|还有|另外|那|では|じゃあ|それ|その|これ)|呢\W*$|[它他她]们?|这个|那个")
_OPENING = {name: re.compile(rf"^\W*(?:{given})\b", re.IGNORECASE) for name, given in _OPENINGS.items()}
_REFERENCE = {name: re.compile(rf"\b(?:{given})\b", re.IGNORECASE) for name, given in _REFERENCES.items()}
_NO_SPACES = frozenset({"zh", "ja"})


def is_follow_up(question: str) -> bool:
    """Whether a question leans on the one before: it opens like one that does, points back, or says little.

    Questions in a language without a list of such words lean when they say little; so do those that show no language.
    """
    language = language_of(question) or UNTOLD
    if language in _NO_SPACES:
        return bool(_JOINED.search(question)) or sum(map(str.isalnum, question)) < FEW_CHARACTERS
    if language in _OPENING and _OPENING[language].match(question):
        return True
    if len(_meaning(question, language)) < FEW_WORDS:
        return True
    return language in _REFERENCE and bool(_REFERENCE[language].search(question)) and len(words(question)) <= SHORT


def _meaning(question: str, language: str) -> frozenset[str]:
    """What carries meaning in a question."""
    return content_stems(question) if language == UNTOLD else frozenset(document_terms(question, language).split())
