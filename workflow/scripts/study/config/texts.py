"""Characters that a configuration's texts must not have."""

import unicodedata
from collections.abc import Iterable

from study.errors import StudyError

JOINERS = "\u200c\u200d"
"""Invisible, but parts of words and of emoji."""


def is_forbidden(character: str) -> bool:
    """Whether a character moves, hides or breaks the text around it: a line break, another control
    character, a mark of the direction of writing, half of a pair.
    """
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in JOINERS


def check_texts(texts: Iterable[tuple[str, str]]) -> None:
    """Refuse control characters in the texts, each with its key.

    Raises:
        StudyError: in one line, with key, character and place.
    """
    for key, text in texts:
        for place, character in enumerate(text, start=1):
            if is_forbidden(character):
                name = unicodedata.name(character, "a control character").lower()
                raise StudyError(
                    f"{ascii(key)[1:-1]}: {text!a} has the character U+{ord(character):04X} "
                    f"({name}) at position {place}; allowed are characters that can be seen, and "
                    "spaces"
                )
