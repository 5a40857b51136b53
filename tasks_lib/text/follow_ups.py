"""Questions that lean on the one before them."""

import re

from tasks_lib.text.words import content_stems, words

FEW_WORDS = 2
"""A question with fewer content words leans on the one before."""
SHORT = 12
"""Words; a longer question brings what its pronouns refer to."""

_OPENING = re.compile(r"^\W*(?:and|but|or|also|what about|how about|what if|what else|same for)\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"\b(?:it|its|they|them|their|those|these|he|she|him|her|his|the same|instead)\b"
    r"|\b(?:about|for|of|with|do|does|is|was|after|before|from|to) (?:that|this)\b",
    re.IGNORECASE,
)


def is_follow_up(question: str) -> bool:
    """Whether a question leans on the one before: it opens like one that does, points back, or says little."""
    if _OPENING.match(question):
        return True
    if len(content_stems(question)) < FEW_WORDS:
        return True
    return bool(_REFERENCE.search(question)) and len(words(question)) <= SHORT
