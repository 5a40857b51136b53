"""Wordings that only make sense as an attempt to change instructions, written for precision: one match is enough."""

import regex

_STRONG = (
    r"(?:all|previous(?:ly)?|prior|preceding|above|earlier|initial|original|existing|current|former|foregoing|given|system|"
    r"developer|your|you|own|safety|security|hidden|secret|content)"
)
_OLD = rf"(?:{_STRONG}|old|past|these|those|any|every|other|the|my|of|that|were|have|been|was|received|got|set)"
_RULES = (
    r"(?:instructions?|directives?|prompts?|rules?|guidelines?|commands?|orders|restrictions?|guardrails?|constraints?|"
    r"programming|filters?|limitations?)"
)
_EARLIER = r"(?:all|any|the|my|your|of|every)"
_BEFORE = r"(?:previous(?:ly)?|prior|preceding|above|earlier|initial|original|foregoing|aforementioned)"
_DROP = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|bypass(?:ing)?|neglect|dismiss|circumvent|"
    r"pay no (?:attention|heed) to|do(?:n't| not) (?:follow|obey|listen to|adhere to|comply with)|"
    r"stop (?:following|obeying)|(?:have |having )?forgotten(?: about)?)"
)
_SHOW = (
    r"(?:repeat|print|reveal|show|output|display|tell me|give me|share|disclose|leak|dump|recite|reproduce|list|"
    r"write (?:out|down)|return|copy|translate|summari[sz]e|expose|what (?:is|are|were|was))"
)
_HOW = r"(?: (?:back|me|us|out|all|of|verbatim|exactly|the|your|full|entire|complete|to))*"
_HIDDEN = r"(?:system|hidden|initial|original|secret|internal|developer|exact)"
_ITS = rf"(?:your|previous|above|given|prior|first|{_HIDDEN})"
_TOLD = r"(?:prompts?|instructions?|messages?|rules|guidelines|directives|configuration)"
_NOT_ABOUT = (
    r"(?! (?:for|on|about|regarding|concerning|when) "
    r"(?!(?:me|us|you|this|that|now|all|the (?:chat|conversation|assistant|model|session|user))\b))"
)
"""Not the rules about something: a company is asked for "your rules for visitors"."""

_EXPRESSIONS = (
    (
        rf"\b{_DROP}(?: {_EARLIER}){{0,3}} {_BEFORE}(?: and \w{{1,12}})? (?:\w{{1,12}} ){{0,2}}?(?:context|"
        r"information|messages?|conversations?|texts?|content|directions?|tasks?|questions?|polic(?:y|ies)|"
        r"inputs?)\b"
    ),
    (
        rf"\b{_DROP}(?:[ ,]{{1,2}}{_OLD}){{0,4}}?[ ,]{{1,2}}{_STRONG}(?:[ ,]{{1,2}}(?:about |to |from |with |by )?"
        rf"{_OLD}){{0,3}}[ ,]{{1,2}}(?:\w{{1,12}} ){{0,2}}?{_RULES}\b"
        rf"|\b{_DROP} the {_RULES} (?:that )?(?:you|above|before)\b"
    ),
    (
        rf"\b{_DROP} (?:everything|anything|all|what(?:ever)?)(?: that)?(?: (?:i|we|you|was|were|is|has|had|have|"
        r"been|just|ever))* ?(?:said|told|instructed|written|learned|above|before|prior|previously|stated)\b"
    ),
    (
        rf"\b{_SHOW}{_HOW}(?: {_ITS})*(?: {_HIDDEN})(?: {_ITS})*(?: \w{{1,12}}){{0,1}} {_TOLD}\b"
        rf"|\b{_SHOW}{_HOW}(?: {_ITS})+(?: \w{{1,12}}){{0,1}} {_TOLD}\b{_NOT_ABOUT}"
    ),
    (
        r"\b(?:system|developer|admin(?:istrator)?|hidden|initial) (?:prompt|message|instructions?)\b.{0,60}\b"
        r"(?:verbatim|word for word|in full|above this line|exactly)\b"
    ),
    (
        r"\b(?:you are|you're|act(?:ing)? as|pretend(?:ing)?(?: to be| you(?:'re| are))|become|simulate|enable|"
        r"activate|enter|switch (?:in)?to|turned on)\b.{0,60}\b(?:DAN|do anything now|jailbroken|(?:developer|god|"
        r"debug|root|admin|unrestricted|jailbreak|unfiltered|evil) mode|(?:unrestricted|unfiltered|uncensored|"
        r"amoral|unethical|unaligned) (?:ai|assistant|chatbot|model|bot))\b"
    ),
    r"\bdo anything now\b",
    (
        r"\b(?:no longer|not|never) (?:bound|constrained|restricted|limited|governed|subject) (?:by|to) (?:any|the|"
        r"your|its|openai|typical|usual|ethical|\w+'s)\b.{0,40}\b(?:rules?|polic|guideline|restriction|limit|filter|"
        r"constraint|instruction|content|ethic)"
    ),
    (
        r"\b(?:without|free (?:of|from)|broken free)\b.{0,30}\b(?:any )?(?:restrictions?|filters?|censorship|"
        r"guardrails|ethical (?:guidelines|constraints)|content polic(?:y|ies)|moral(?:s| constraints))\b.{0,80}\b"
        r"(?:answer|respond|reply|you|ai)\b"
    ),
    (
        r"(?:^|\n|[#*\[<{|]{1,4}) ?(?:system|assistant|developer|admin)(?: (?:message|prompt|override|update|note|"
        r"instruction))?s?(?:\]|>|\}|\*\*|#|\|){0,4} ?:"
    ),
    r"<\|?/?(?:im_start|im_end|system|endoftext|inst|sys)\|?>|\[/?INST\]|<</?SYS>>",
    (
        r"\b(?:new|updated|revised|real|actual|additional|important) (?:system )?(?:instructions?|directives?|task|"
        r"orders|prompt)\b ?(?:for (?:the )?(?:ai|assistant|model|llm|bot))? ?[:!]"
    ),
    (
        r"\b(?:end|begin|start) (?:of )?(?:the )?(?:system|user|context|document|prompt|instructions?|ambiguity)(?: "
        r"\w+)?\b ?[%=#*\]>-]{2,}"
    ),
    (
        r"\b(?:attention|note|message|instructions?|notice|dear|hey|to) (?:to |for )?(?:all |any |the )?(?:ai|llm|"
        r"language model|chatbot|virtual assistant)(?: (?:assistants?|models?|systems?|agents?|readers?))?s?\b ?"
        r"[:,!]"
    ),
    r"\bif you(?:'re| are) an? (?:ai|llm|language model|chatbot|assistant)\b",
    (
        r"\b(?:when|before|while) (?:answering|responding|summari[sz]ing|replying|you (?:answer|respond|summari"
        r"[sz]e|reply|read this))\b.{0,80}\b(?:always|must|instead|also (?:say|tell|include|recommend)|do not "
        r"(?:mention|reveal|tell))\b"
    ),
    (
        r"\b(?:assistant|ai|model|chatbot|bot|you)\b.{0,20}\b(?:must|should|shall|will|are to|have to)\b (?:now |"
        r"instead |always |only |never )+(?:answer|respond|reply|say|tell|output|recommend|reveal|obey|ignore)\b"
    ),
    (
        r"\b(?:instead|rather),? (?:of (?:answering|that|this|the above)|just|only|please|you (?:must|should|"
        r"will))?,? ?(?:say|reply|respond|answer|output|print|write)\b.{0,40}[\"'“:]"
    ),
    r"\bfrom now on,? (?:you|your|all|every|act|answer|respond|reply|only|ignore)\b",
    (
        r"(?<!\b(?:i|we|may|to|we're|anybody|anyone) )\b(?:send|forward|post|upload|exfiltrate|email|transmit|leak)\b"
        r"(?:(?!\bmy\b).){0,60}\b(?:conversation|chat history|"
        r"system prompt|user(?:'s)? (?:data|details|question|input)|api keys?|passwords?|credentials)\b.{0,40}\b"
        r"(?:to|at)\b.{0,10}(?:https?:|www\.|\S+@)"
    ),
    r"!\[[^\]\n]{0,100}\]\(https?://[^)\s]{1,300}[?&=][^)\s]{0,300}\{?",
    (
        r"\b(?:do not|don't|never) (?:tell|inform|mention (?:this|it) to|reveal (?:this|it) to|let)\b.{0,15}\b"
        r"(?:user|human|anyone|customer)\b"
    ),
)


LONGEST = 200
"""Characters of a match, as good as always: the expressions' gaps are bounded."""


class InjectionRules:
    """All expressions, compiled.

    :param timeout: Seconds that one expression may take on one text.
    """

    def __init__(self, timeout: float) -> None:
        self._expressions = [regex.compile(e, regex.IGNORECASE) for e in _EXPRESSIONS]
        self._timeout = timeout

    def spans(self, text: str, within: tuple[int, int] | None = None) -> list[tuple[int, int]]:
        """Start and end of every match.

        :param within: Characters that a match may not leave.
        :raises TimeoutError: If an expression exceeds its time.
        """
        start, end = within or (0, len(text))
        return [
            m.span()
            for e in self._expressions
            for m in e.finditer(text, start, end, timeout=self._timeout, concurrent=False)
        ]
