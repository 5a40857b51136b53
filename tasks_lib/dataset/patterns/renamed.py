"""Questions that sound as if they had an answer, in languages without a parser: the name asked of is another one."""

import random
import re
from collections.abc import Iterator, Sequence

from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.examples import CandidateQuestion, example_of

_NAMED = re.compile(
    r"(?<=[a-zäöüßáéíóúñ] )(?:[A-ZÄÖÜÁÉÍÓÚÑ][\w’'-]+ ){1,3}[A-ZÄÖÜÁÉÍÓÚÑ][\w’'-]+(?=\?$)|"
    r"^[\u4e00-\u9fff]{2,5}(?:[·•][\u4e00-\u9fff]{1,6}?)+(?=[是于在以的被将用和与成曾])"
)
"""What the question is about: a name of two words or more that ends it, or a foreign one that begins it in Chinese."""
_LONGEST = 9
"""Words: in a longer question, the name is seldom what it is about."""
_LATIN = (
    "Pellworth Marrowgate",
    "Quillon Ashdown",
    "Larkfield Ostrava",
    "Veltrio Kestrel",
    "Orlaith Stormhaven",
    "Adeyemi Sorbello",
    "Zephyrion Wexcombe",
)
_CHINESE = ("佩尔沃斯·马罗", "奎隆·阿什当", "拉克菲·奥斯特", "维尔特里·凯斯", "奥拉思·斯托姆", "泽菲里·韦克斯")
"""They may be a person, a place or a company."""


def renamed(
    groups: Sequence[Sequence[CandidateQuestion]], coverage: Coverage, seed: int
) -> Iterator[CandidateQuestion]:
    """Questions of whatever has two names or more, about a name that no chunk mentions.

    :param groups: Questions about one excerpt each; one of each group is taken.
    """
    chooser = random.Random(seed)  # noqa: S311  not for security
    absent = {names: [name for name in names if not coverage.mentions(name)] for names in (_LATIN, _CHINESE)}
    for group in groups:
        for candidate in group:
            question = candidate.example.question
            name = _NAMED.search(question) if candidate.example.made_by == "sentence" else None
            others = absent[_CHINESE if candidate.language == "zh" else _LATIN]
            if name and others and question.count(name[0]) == 1 and len(question.split()) <= _LONGEST:
                asked = question.replace(name[0], chooser.choice(others))
                yield CandidateQuestion(example_of("unanswerable", asked), language=candidate.language)
                break
