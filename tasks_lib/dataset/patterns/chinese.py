"""Chinese sentences to questions: the question word stands where the answer stood, and nothing moves."""

import re
from collections.abc import Iterator

_YEAR = re.compile(r"(?<![\d\-–至到])(?:公元前|公元)?(?:1\d{3}|20\d\d|[1-9]\d{2})年(?!代|级|龄|度|初|末|底|[-–至到])")
_CLASSIFIERS = (
    "个|名|人|位|座|所|家|种|条|项|次|场|部|本|艘|辆|架|支|件|间|岁|公里|平方公里|英里|平方英里|米|英尺|公顷|吨|美元|"
    "欧元|英镑|万人|万|亿|亿美元|分|票|层|枚|块|栋|株|只|头|天|周|小时|分钟|学生|倍|度|码"
)
_AMOUNT = re.compile(
    rf"(?P<number>\d+(?:[,.，]\d+)*(?:万|亿|千)?|(?:[二三四五六七八九]?十[一二三四五六七八九]?|[两三四五六七八九]))多?(?P<unit>(?:{_CLASSIFIERS})+)"  # noqa: RUF001
)
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?[%％]|百分之(?P<words>[一二三四五六七八九十百\d.]+)")  # noqa: RUF001
_DEFINITION = re.compile(
    r"(?P<name>[^，。、的是\s不仅就都也可能被将曾已来自]{2,9})是(?P<what>(?:一[个种座所家条项位名部本支]|[^，。]{0,12}的)[^，。]{2,40})"  # noqa: RUF001
)
_MADE_BY = re.compile(
    r"由(?P<who>[\u4e00-\u9fff·]{2,12}?)(?P<verb>设计|创立|创建|建造|发明|提出|创作|领导|制作|发现|统治|编写|执导|管理|主办|组成|撰写|资助)"
)
_LOCATED = re.compile(r"位于(?P<where>[^，。、]{2,15}?)(?=[，。]|$|的[^，。]{0,3}$)")  # noqa: RUF001
_NAMED = re.compile(r"(?:被称为|称为|名为|命名为|又称)(?P<name>[“\"《]?[^，。、”\"》]{2,12}[”\"》]?)(?=[，。]|$)")  # noqa: RUF001
_POINTING = re.compile(
    r"^(?:他|她|它|这|那|该|此|其|但|而|因此|然而|所以|于是|同时|此外|另外|不过|随后|后来|之后|当时|例如|如果|虽然|尽管|由于这|"
    r"并|也|又|还|则|即|与此|在这|在此|在那|前者|后者|两者|二者|以下|上述|本|第[一二三]个|原因|尽快|用|双方|一些|接着|值得|如今|有|或许|因为|由于|当|在.{0,8}[时中后前]，|其中|除此|两人|二人|为此|根据上|目前|现在|只有|平均|还有|除了)|这[个些种次项]|那[个些种]|该[^，。]|此[时次外]|前者|后者"  # noqa: RUF001
)
_ALSO = re.compile(r"^[^，]{1,10}(?<![归偿返交])还(?![原款债钱乡])")  # noqa: RUF001
"""`X还…`: said beside something that went before."""
_BETWEEN = re.compile(r"(?<=[\u3000-\u9fff，、《》]) | (?=[\u3000-\u9fff，、《》])")  # noqa: RUF001
_TITLED = re.compile(r"《[^》]*$")
_LONGEST, _SHORTEST = 60, 10
"""Characters."""


def questions(sentence: str, small: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, str]]:  # noqa: ARG001
    """Question, answer and what is asked for, of one sentence; none where it does not stand alone."""
    body = _BETWEEN.sub("", re.sub(r"\s+", " ", sentence)).rstrip("。.! ")
    if _POINTING.search(body) or _ALSO.search(body) or re.search(r"[：；（）()“”\"]|他|她|它|我|你", body):  # noqa: RUF001
        return
    for part in _parts(body):
        yield from _asked(part)


def _parts(body: str) -> Iterator[str]:
    """The whole sentence, where it is neither long nor a fragment."""
    if _SHORTEST <= len(body) <= _LONGEST:
        yield body


def _asked(body: str) -> Iterator[tuple[str, str, str]]:
    definition = _DEFINITION.match(body)
    if definition and (definition["what"].startswith("为了") or definition["name"].startswith("一")):
        definition = None
    if definition:
        yield f"{definition['name']}是什么？", definition["what"], "what"  # noqa: RUF001
    years = _YEAR.findall(body)
    if len(years) == 1 and not re.search(rf"[从自至到和与]{years[0]}|{years[0]}[^，]{{0,12}}[到至]\d", body):  # noqa: RUF001
        yield f"{body.replace(years[0], '哪一年')}？", years[0], "when"  # noqa: RUF001
    for amount in _AMOUNT.finditer(body):
        asked = "几" if amount["unit"] == "岁" else "多少"
        if _TITLED.search(body[: amount.start()]) or body[amount.end() :].startswith(("的", "倍", "之", "卫")):
            continue
        if (
            body.count(amount[0]) == 1
            and not body[: amount.start()].endswith(tuple("第之每这那述各该前后和头数首-–~"))
            and len(body) > len(amount[0]) + 6
        ):
            yield f"{body[: amount.start()]}{asked}{amount['unit']}{body[amount.end() :]}？", amount[0], "how_many"  # noqa: RUF001
    percents = list(_PERCENT.finditer(body))
    if len(percents) == 1 and not body[: percents[0].start()].endswith(tuple("-–~至到")):
        found = percents[0]
        yield f"{body[: found.start()]}百分之多少{body[found.end() :]}？", found[0], "how_many"  # noqa: RUF001
    for pattern, group, asked, kind in (
        (_MADE_BY, "who", "谁", "who"),
        (_LOCATED, "where", "哪里", "where"),
        (_NAMED, "name", "什么", "what"),
    ):
        match = pattern.search(body)
        made_of = pattern is _MADE_BY and match is not None and match["verb"] == "组成"
        word = "什么" if made_of else asked
        if match and body.count(match[group]) == 1:
            yield f"{body[: match.start(group)]}{word}{body[match.end(group) :]}？", match[group], kind  # noqa: RUF001
