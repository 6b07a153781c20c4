"""Names that people give: of two that look the same there is one form, and nothing in them is unseen by terminals."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

NAME_CHARACTERS_MAX = 200
_NO_CONTROLS = r"^[^\u0000-\u001f\u007f-\u009f]*$"


def composed(text: str) -> str:
    """In Unicode's composed form (NFC), by which a name is found however its accents were typed."""
    return unicodedata.normalize("NFC", text)


NameOrNothing = Annotated[str, Field(max_length=NAME_CHARACTERS_MAX, pattern=_NO_CONTROLS), AfterValidator(composed)]
"""A name, or an empty text where there is none."""
Name = Annotated[NameOrNothing, Field(min_length=1)]
"""A name of 1 to 200 characters, none of which controls anything."""
