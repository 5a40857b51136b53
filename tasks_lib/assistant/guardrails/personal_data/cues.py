"""Names that a small model misses but a cue gives away: titles, "my name is", kinship, where somebody comes from."""

from collections.abc import Iterator

import regex

_NOT_A_NAME = (
    r"(?!(?:She|He|It|We|You|They|I|This|That|There|The|A|An|My|Your|Our|His|Her|Please|Hello|Hi|Dear|Yes|No|Thanks|"
    r"What|Who|How|Why|When|Where|Which|"
    r"Is|Are|Can|Could|Do|Does|If|In|On|At|To|For|And|But|Or|Not|Address|Phone|Email|Date|Name|Employees?|Managers?|"
    r"Everyone|Nobody|All|Each)\b)"
)
_NAME = rf"{_NOT_A_NAME}\p{{Lu}}[\p{{L}}\p{{M}}'’-]{{1,30}}"
_NAMES = rf"{_NAME}(?:[ ](?:\p{{Lu}}\.?|de|van|von|der|ten|el|al|bin|di|da|la|{_NAME})){{0,4}}"
_TITLE = r"(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam|lady|lord|rev|fr|hon|capt|col|gen|lt|sgt)"
_INTRODUCED = (
    r"(?i:\bname (?:is|was)|\bnamed(?: (?:him|her|it|them|me))?|\bcalled|\bcalls? me|\bpeople call me|\bname\??:?|"
    r"\buser:|\bunder|\bthis is"
    r"|\bspeak(?:ing)? (?:to|with)|\bdirected by:?|\bhi|\bhello|\bdear|\bregards,?|\bsincerely,?|\bi am|\bi'm|"
    r"\bsigned,?|\bby|\bsaid"
    r"|\b(?:my|his|her|our|their) (?:kid|child|son|daughter|wife|husband|partner|brother|sister|mother|father|"
    r"friend|boss|colleague))"
)
_DOES = (
    r"(?=(?:'s)? (?:lives?|lived|said|says|asked|told|wrote|will be|is from|was born|speak|began|moved|works?|"
    r"listed|spent|had given|flew|"
    r"from \p{Lu}|of \p{Lu}|is a very|is very))"
)
_COMES = (
    r"(?i:\b(?:moved(?: here)?|originally|grew up|flew|travel(?:l?ing|l?ed)?|flying|based|arrived|born|live|lived|i "
    r"am|i'm|coming)) (?:from|in|to|at)"
)

_CUES: tuple[tuple[str, "regex.Pattern[str]"], ...] = (
    ("TITLE", regex.compile(rf"(?<!\w)(?i:{_TITLE})(?:\.|(?= ))(?= ?{_NAME})")),
    ("PERSON", regex.compile(rf"(?<!\w)(?i:{_TITLE})\.? \K{_NAMES}")),
    ("PERSON", regex.compile(rf"{_INTRODUCED}[ \t\n]{{1,6}}\K{_NAMES}")),
    ("PERSON", regex.compile(rf"(?<![\w.])\K{_NAMES}{_DOES}")),
    ("LOCATION", regex.compile(rf"{_COMES} \K{_NAMES}")),
)


def cued_names(text: str, timeout: float) -> Iterator[tuple[str, int, int]]:
    """Entity, start and end of every name that a cue gives away.

    :raises TimeoutError: If an expression takes longer than `timeout` seconds.
    """
    for entity, expression in _CUES:
        for match in expression.finditer(text, timeout=timeout, concurrent=False):
            yield entity, match.start(), match.end()
