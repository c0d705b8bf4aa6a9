"""Text in the letters that a font, or a printer, has."""

import unicodedata
from collections.abc import Callable

# What takes the place of letters that may be lacking, where taking their accents off does not help.
_ALIKE = dict(zip("ƐɛƆɔŊŋƉɖƑƒƔɣƲʋƁɓƊɗƘƙƳƴ₵₦−", "EeOoNnDdFfGgVvBbDdKkYyCN-", strict=True))


def printable(text: str, has: Callable[[str], bool]) -> tuple[str, set[str]]:
    """The text in letters that there are, and those that had to be replaced."""
    letters = [" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", text)]
    missing = {letter for letter in letters if not has(letter)}
    return "".join(_instead(letter, has) if letter in missing else letter for letter in letters), missing


def _instead(letter: str, has: Callable[[str], bool]) -> str:
    if unicodedata.combining(letter):
        return ""  # an accent that no letter has taken in
    bare = unicodedata.normalize("NFKD", letter)[0]
    alike = _ALIKE.get(bare, bare)
    return alike if has(alike) else "?"
