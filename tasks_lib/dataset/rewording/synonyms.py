"""Words of the general language and others that may stand in their place, as `synonyms.json` lists them by language.

Forms stand for forms, so that no grammar is needed: a participle for a participle, a German noun for one of its gender.
"""

import json
import re
from functools import cache
from importlib.resources import files

UNSPACED = frozenset({"zh", "ja", "th"})
"""Languages that write no blanks between words."""


def reworded(question: str, evidence: str, language: str) -> str:
    """`question` with other words for those that `evidence` holds, where the list has some that it does not hold.

    :param language: ISO 639-1; questions of a language without a list stay as they are.
    """
    listed = _synonyms().get(language)
    if listed is None:
        return question
    pattern, others = listed
    said = evidence if language in UNSPACED else evidence.lower()

    def replaced(match: re.Match[str]) -> str:
        article, word = match["article"] or "", match["word"]
        other = others[word]
        if word.lower() not in said or other.lower() in said:
            return match[0]
        return f"{_fitting(article, other)}{other}"

    return pattern.sub(replaced, question)


def _fitting(article: str, word: str) -> str:
    """`a` before consonants and `an` before vowels, as far as letters tell; nothing for nothing."""
    return article and f"{article[0]}{'n' if word[0] in 'aeio' else ''} "


@cache
def _synonyms() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    """By language a pattern of all forms, the longest first, and what stands for each."""
    written = json.loads(files(__package__).joinpath("synonyms.json").read_text(encoding="utf-8"))
    return {language: (_pattern(language, forms), forms) for language, forms in written.items()}


def _pattern(language: str, forms: dict[str, str]) -> re.Pattern[str]:
    """Whole words in the case in which they are listed: a name that is spelled like one begins with a capital."""
    either = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
    if language in UNSPACED:
        return re.compile(f"(?P<article>)(?P<word>{either})")
    article = "(?P<article>[Aa]n? )?" if language == "en" else "(?P<article>)"
    return re.compile(rf"(?<![\w’'@/.-]){article}(?P<word>{either})(?![\w’'@/-])")
