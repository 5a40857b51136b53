"""Words as the local answers compare them: stems of content words, and the kind of answer that a question wants."""

import re

FUNCTION_WORDS = """
a about above after again against all also am an and any are as at be because been before being below between both but
by can could did do does doing don down during each else ever few for from further get gets got had has have having he
her here hers him his how i if in into is it its itself just let like many may me might more most much must my need no
nor not of off on once only or other ought our ours out over own per please same shall she should so some such tell than
that the their theirs them then there these they this those through to too under until up us very want was we were what
when where which while who whom whose why will with would yes you your yours
"""
NUMBER_WORDS = """
half one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million
billion first second third fourth fifth sixth seventh eighth ninth tenth once twice double daily weekly monthly yearly
quarter
"""
TIME_WORDS = """
january february march april may june july august september october november december monday tuesday wednesday thursday
friday saturday sunday
"""

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|\w+(?:['’-]\w+)*")
_FUNCTION_WORDS = frozenset(FUNCTION_WORDS.split())
_NUMBER_WORDS = frozenset(NUMBER_WORDS.split())
_TIME_WORDS = frozenset(TIME_WORDS.split())
_WANTS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|old|often|high|large|big|early|late|soon|quickly|fast|tall|deep)\b"
    r"|\b(?:percentage|percent|per diem|amount|number of|price|cost|rate|minimum|maximum|limit)\b",
    re.IGNORECASE,
)
_WANTS_TIME = re.compile(
    r"\b(?:when|by when|what (?:year|date|day|month|time)|(?:on|in|from|until|at) (?:which|what) (?:\w+ )?"
    r"(?:year|years|date|day|days|month|months|time|times)|which (?:year|date|day|month|months))\b",
    re.IGNORECASE,
)
_WANTS_NAME = re.compile(r"\b(?:who|whose|whom|name of|where|which (?:country|city))\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+")


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, with repetitions."""
    return [stem(word) for word in words(text) if word not in _FUNCTION_WORDS]


def words(text: str) -> list[str]:
    """Words and numbers in lower case."""
    return [match[0] for match in _WORD.finditer(text.lower())]


def stem(word: str) -> str:
    """The word without plural, tense and adverb endings: rough, and the same for question and passage."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ied", "y"), ("ed", ""), ("ly", ""), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def answer_kind(question: str) -> str:
    """`number`, `time`, `name`, or empty when the question does not tell."""
    if _WANTS_NUMBER.search(question):
        return "number"
    if _WANTS_TIME.search(question):
        return "time"
    return "name" if _WANTS_NAME.search(question) else ""


def fits_kind(text: str, kind: str, question_words: frozenset[str]) -> bool:
    """Whether `text` holds something of the kind that is not in the question already."""
    if kind == "name":
        return any(name.lower() not in question_words for name in _NAME.findall(text))
    new = [word for word in words(text) if word not in question_words]
    numbers = any(word[0].isdigit() or word in _NUMBER_WORDS for word in new)
    return numbers or (kind == "time" and any(word in _TIME_WORDS for word in new))
