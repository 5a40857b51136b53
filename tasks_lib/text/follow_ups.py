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
LONGEST_SHORT = 200
"""Characters of as many words."""

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
    "en": r"it|its|they|them|their|those|these|he|she|him|her|his|the same|instead|the (?:other|latter|former)s?"
    r"|(?:about|for|of|with|do|does|is|was|after|before|from|to) (?:that|this)|(?:the|which) (?:\w+ )?ones?|an? \w+ one"
    r"|(?:there|one|ones)(?: (?:too|as well|instead|again|either))?$",
    "de": r"ihn|ihm|ihnen|ihre[rmns]?|deren|dessen|davon|dafür|darüber|damit|dabei|stattdessen|das gleiche|dasselbe",
    "fr": r"elles?|lui|leurs?|ça|cela|celle?s?-ci|ceux-ci|à la place|la même chose",
    "es": r"él|ella|ellos|ellas|eso|esto|esos|esas|lo mismo|en su lugar",
    "it": r"lui|lei|loro|ciò|questo|quello|lo stesso|invece",
    "pt": r"ele|ela|eles|elas|isso|isto|o mesmo|em vez disso",
    "nl": r"hij|hem|haar|hun|daarvan|daarvoor|daarover|hetzelfde|in plaats daarvan",
    "pl": r"on|ona|oni|one|jego|jej|ich|tego|to samo|zamiast",
}
_CONTENTS = {
    "en": r"is|are|was|were|be|do|does|did|can|could|may|must|should|shall|will|would|has|have|had|who|whom|whose|what"
    r"|which|when|where|why|how|show|tell|explain|list|describe|name|give|find",
    "de": r"ist|sind|war|waren|hat|haben|hatte|wird|werden|wurde|kann|können|darf|dürfen|muss|müssen|soll|sollen|gibt"
    r"|gilt|gelten|bekommt|bekommen|wer|wen|wem|was|welche[rmns]?|wann|wo|wohin|warum|wieso|wie|zeige?|nenne?|erkläre?",
    "es": r"es|son|era|eran|está|están|fue|fueron|ha|han|había|hay|tiene|tienen|puede|puedo|pueden|debe|deben|quién"
    r"|quiénes|qué|cuál|cuáles|cuándo|cuánto|cuánta|cuántos|cuántas|dónde|cómo|muestra|explica|dime",
}
"""Words by which a question asks something of its own; one without any of them only names another case."""
_CASE = {
    "en": r"in|on|at|for|with|without|during|after|before|from|to|by|until|since|under|over|only|even|not|per|if",
    "de": r"in|im|am|an|auf|bei|beim|für|mit|ohne|während|nach|vor|von|vom|zum|zur|bis|seit|unter|über|nur|auch|pro",
    "es": r"en|para|por|con|sin|durante|después|antes|desde|hasta|bajo|sobre|solo|sólo|incluso|entre",
}
"""How a question begins that names another case and nothing else."""
_BARE = {"en": r"as|via|behind|its|their", "de": r"als|per|hinter|dessen|deren", "es": r"como|vía|detrás|su|sus"}
"""How a case may begin beside that, in a question that is nothing else."""
MOST_BARE = 6
"""Words of such a question."""
LONGEST_CASE = 8
"""Words; a longer one says more than which case it is about."""
_COURTESY = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|thanks(?: a lot)?|thank you|great|good|nice|perfect|i see|alright|all right|right|hm+|danke"
    r"|gut|verstehe|gracias|vale|bien|merci|d'accord)\b[\s,.!;:…-]*)+",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:(?:is|was|would|will) it(?: (?:be|not|also|still|ever))* "
    r"(?:possible|allowed|permitted|necessary|required|safe|mandatory|okay|ok|legal|recommended|enough|true|better|best)"
    r"|(?:does|do|did|will|would) it (?:take|cost|matter|happen)(?= (?:to|for|that|if|when|whether)\b))",
    re.IGNORECASE,
)
"""An `it` that points at what comes behind."""
_OWN = re.compile(
    r"\b(?:(?:the|an?|each|every|all|any|my|our|your|new|many) (?:[\w-]+ )*?[\w-]+|[\w-]{3,}(?<![su])s)\b.*?"
    r"\b(?:its|their|his|her)\b",
    re.IGNORECASE,
)
"""A possessive behind what it may stand for: `How do employees claim their expenses?`"""
_JOINED = re.compile(r"^\W*(?:那么?|还有|另外|那|では|じゃあ|それ|その|これ)|呢\W*$|[它他她]们?|这个|那个")
_OPENING = {name: re.compile(rf"^\W*(?:{given})\b", re.IGNORECASE) for name, given in _OPENINGS.items()}
_REFERENCE = {name: re.compile(rf"\b(?:{given})\b", re.IGNORECASE) for name, given in _REFERENCES.items()}
_NO_SPACES = frozenset({"zh", "ja"})


def is_follow_up(question: str) -> bool:
    """Whether a question leans on the one before: it opens like one that does, points back, or says little.

    Questions in a language without a list of such words lean when they say little; so do those that show no language.
    """
    question = _COURTESY.sub("", question)
    language = language_of(question) or UNTOLD
    if language in _NO_SPACES:
        return bool(_JOINED.search(question)) or sum(map(str.isalnum, question)) < FEW_CHARACTERS
    if language in _OPENING and _OPENING[language].match(question):
        return True
    if len(_meaning(question, language)) < FEW_WORDS or names_another_case(question):
        return True
    return len(question) <= LONGEST_SHORT and len(words(question)) <= SHORT and _points_back(question, language)


def names_another_case(question: str) -> bool:
    """Whether a follow-up only asks the question before for something else, as `And in Spain?` does."""
    question = _COURTESY.sub("", question)
    language = language_of(question) or UNTOLD
    if language not in _CONTENTS:
        return False
    opening = _OPENING[language].match(question)
    rest = question[opening.end() :] if opening else question
    if not (opening or re.match(rf"\W*(?:{_CASE[language]})\b", rest, re.IGNORECASE)):
        return False
    asks = re.search(rf"\b(?:{_CONTENTS[language]})\b", rest, re.IGNORECASE)
    return asks is None and 0 < len(words(rest)) <= LONGEST_CASE


def is_bare_case(question: str) -> bool:
    """Whether a question is a few words behind a preposition and no sentence, as `And with Homebrew?` is."""
    if (
        len(words(question)) > MOST_BARE
        or re.search(r"[,;:!\n]|\.(?!\d)", question)
        or not names_another_case(question)
    ):
        return False
    language = language_of(question) or UNTOLD
    opening = _OPENING[language].match(question)
    rest = question[opening.end() :] if opening else question
    return bool(re.match(rf"\W*(?:{_CASE[language]}|{_BARE[language]})\b", rest, re.IGNORECASE))


def _points_back(question: str, language: str) -> bool:
    """Whether a word stands for something that the question itself does not name."""
    if language not in _REFERENCE:
        return False
    if language != UNTOLD:
        return bool(_REFERENCE[language].search(question))
    own = _OWN.search(question)
    rest = _EXPLETIVE.sub(" ", question[: own.start()] + question[own.end() :] if own else question)
    return bool(_REFERENCE[language].search(rest.rstrip("?!. ")))


def _meaning(question: str, language: str) -> frozenset[str]:
    """What carries meaning in a question."""
    return content_stems(question) if language == UNTOLD else frozenset(document_terms(question, language).split())
