"""Whether a text says an answer, in any language."""

from tasks_lib.text.matching import contains_answer


def says(answer: str, text: str) -> bool:
    """Whether `text` says `answer`: letter for letter but for blanks and case, or by its content words and numbers."""
    return "".join(answer.lower().split()) in "".join(text.lower().split()) or contains_answer(answer, text)
