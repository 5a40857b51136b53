"""Text recognition of pages that are pictures: RapidOCR's models, which its package brings, on ONNX Runtime.

The extra `llmops-flows[ocr]` installs it, and pypdfium2, which renders the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from statistics import fmean
from typing import Any

from tasks_lib.ingestion.converters.pdf.page import Fragment, Page

RESOLUTION = 200
"""Dots an inch at which pages are rendered: errors at 300 are the same, in twice the time."""
LARGEST = 4_000
"""Pixels of the longer side of a rendered page, whatever its size."""
SURE = 0.85
"""Below this mean confidence a page may be turned, and is read the other ways too."""
_POINTS = 72
_TALL = 1.5
_BASELINE = 0.22
_SIZE = 0.8


@dataclass(frozen=True)
class RecognisedLine:
    """A line of a picture.

    :ivar box: Left, upper, right and lower edge in pixels from the upper left corner.
    :ivar confidence: 0 to 1.
    """

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@cache
def available() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(name) is not None for name in ("rapidocr", "pypdfium2", "onnxruntime"))


def recognised_page(data: bytes, page: Page) -> tuple[Page, float]:
    """The page with the text that its picture shows, and the mean confidence, 0 to 1.

    :param data: The file.
    """
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        source = document[page.number - 1]
        scale = min(RESOLUTION / _POINTS, LARGEST / max(source.get_size()))
        image = source.render(scale=scale).to_pil().convert("RGB")
    finally:
        document.close()
    lines, width, height = _upright(image)
    read = Page(page.number, width / scale, height / scale, pictures=page.pictures)
    for line in lines:
        read.fragments += _fragments(line, scale, read.height, len(read.fragments))
    return read, confidence_of(lines)


def recognised(image: Any) -> list[RecognisedLine]:
    """Lines of a picture (PIL), upright or turned by a multiple of 90 degrees, from the top as it is read."""
    return _upright(image)[0]


def confidence_of(lines: Sequence[RecognisedLine]) -> float:
    """Mean confidence over the characters of lines; 0 without any."""
    characters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / characters if characters else 0.0


def _upright(image: Any) -> tuple[list[RecognisedLine], int, int]:
    """Lines of the picture turned as it is read best, and its width and height then."""
    lines = _lines(image)
    across = sum(_is_tall(line) for line in lines) > len(lines) / 2
    ways = [] if across else [(lines, image)]
    for angle in (90, 270) if across else (180, 90, 270):
        if ways and confidence_of(ways[-1][0]) >= SURE:
            break
        turned = image.rotate(angle, expand=True)
        ways.append((_lines(turned), turned))
    best, shown = max(ways, key=lambda way: confidence_of(way[0]))
    return best, shown.width, shown.height


def _is_tall(line: RecognisedLine) -> bool:
    left, upper, right, lower = line.box
    return len(line.text) > 1 and lower - upper > _TALL * (right - left)


def _lines(image: Any) -> list[RecognisedLine]:
    import numpy as np

    output = _engine()(np.asarray(image), use_cls=False)
    if output.txts is None or output.boxes is None:
        return []
    lines = []
    for text, score, corners in zip(output.txts, output.scores, output.boxes, strict=True):
        xs, ys = sorted(float(x) for x, _ in corners), sorted(float(y) for _, y in corners)
        box = (xs[0], fmean(ys[:2]), xs[-1], fmean(ys[2:]))
        if text.strip():
            lines.append(RecognisedLine(text.strip(), float(score), box))
    return sorted(lines, key=lambda line: (line.box[1], line.box[0]))


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})


def _fragments(line: RecognisedLine, scale: float, height: float, order: int) -> list[Fragment]:
    """Words of a line, each where its characters would stand if all were of one width."""
    left, upper, right, lower = (edge / scale for edge in line.box)
    size = _SIZE * (lower - upper)
    y = height - lower + _BASELINE * (lower - upper)
    wide = (right - left) / len(line.text)
    fragments = []
    place = 0
    for number, word in enumerate(line.text.split(" ")):
        if word:
            edges = [left + wide * (place + step) for step in range(len(word) + 1)]
            fragments.append(Fragment(word, edges, y, size, bold=False, order=order + number + 1, spaced=bool(number)))
        place += len(word) + 1
    return fragments
