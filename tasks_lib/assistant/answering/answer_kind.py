"""The kind of answer that a question wants, and whether a sentence holds one, in English, German and Spanish."""

from tasks_lib.text.answer_kinds import WANTS, amounts, names, times
from tasks_lib.text.languages import language_of
from tasks_lib.text.words import words


def answer_kind(question: str) -> tuple[str, str]:
    """`number`, `time`, `name`, or empty when the question does not tell; and the language whose words told it.

    The language of the question comes first, and all others where it cannot be told or has no such words: a short
    question is easily taken for another language.
    """
    own = language_of(question) or "en"
    for language in dict.fromkeys([*([own] if own in WANTS else ()), *WANTS]):
        for kind, wanted in WANTS[language].items():
            if wanted.search(question):
                return kind, language
    return "", own


def fits_kind(text: str, kind: str, question_words: frozenset[str], language: str = "en") -> bool:
    """Whether `text` holds something of the kind that is not in the question already."""
    if kind == "name":
        return any(name.lower() not in question_words for name in names(text, language))
    new = {word for word in words(text) if word not in question_words}
    numbers = not amounts(language).isdisjoint(new) or any(word[0].isdigit() for word in new)
    return numbers or (kind == "time" and not new.isdisjoint(times(language)))
