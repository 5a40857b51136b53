"""Greetings, thanks and the like: nothing that documents answer."""

import re

_SMALL_TALK = re.compile(
    r"(?:(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day|night)|greetings|thanks?|thank you|thx|"
    r"cheers|many thanks|"
    r"bye|goodbye|see you|ok(?:ay)?|great|perfect|cool|nice|awesome|sorry|please|yes|no|sure|welcome|got it|i see|"
    r"understood|"
    r"how are you(?: doing)?(?: today)?|how(?:'s| is) it going|what(?:'s| is) up|nice to meet you|who are you|what "
    r"are you|"
    r"what(?:'s| is) your name|what can (?:you|i) (?:do|ask)(?: you)?|(?:can|could) you help(?: me)?|help(?: me)?|"
    r"are you (?:there|a bot|human)|"
    r"have a (?:nice|good|great) (?:day|weekend|evening|one)|you too|that helps?|that(?:'s| is) (?:all|great|helpful)|"
    r"there|all|everyone|team|again|so much|very much|a lot|for your help|for the help|then|you|and)[\s,.!?:;)"
    r"(👋🙂😊🙏-]*){1,6}",
    re.IGNORECASE,
)
_LONGEST_SMALL_TALK = 80


def is_small_talk(text: str) -> bool:
    """Whether a short text only greets, thanks, or asks what the assistant is."""
    return len(text) <= _LONGEST_SMALL_TALK and _SMALL_TALK.fullmatch(text.strip()) is not None
