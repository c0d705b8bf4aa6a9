"""What is printed as PDF: in which font, and with which letters."""

from functools import cache

from django.conf import settings
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from core import letters


@cache
def font() -> str:
    """The name under which PDFs know the font of `LABEL_FONT`."""
    name = "Label"
    pdfmetrics.registerFont(TTFont(name, settings.LABEL_FONT))
    return name


def printable(text: str) -> tuple[str, set[str]]:
    """The text in letters that the font has, and those that had to be replaced."""
    return letters.printable(text, _has)


def _has(letter: str) -> bool:
    return ord(letter) in pdfmetrics.getFont(font()).face.charToGlyph  # type: ignore[attr-defined]
