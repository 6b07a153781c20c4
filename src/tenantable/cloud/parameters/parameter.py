"""What a parameter store is: the port, its values and limits. Embedded and Amazon's keep the same promises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from tenantable.errors import CloudError

ParameterType = Literal["String", "StringList", "SecureString"]

# The store takes 1011 characters with the ARN before the name; this leaves room for the longest such beginning.
NAME_CHARACTERS_MAX = 950
LEVELS_MAX = 15
VALUE_BYTES_MAX = 4096
ADVANCED_VALUE_BYTES_MAX = 8192
PAGE_MAX = 10

_NAME = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_PATH = re.compile(r"/|(/[A-Za-z0-9_.-]+)+/?")
_RESERVED = re.compile(r"/(aws|ssm)", re.IGNORECASE)


class ParameterNotFound(CloudError, LookupError):
    """There is no parameter of this name."""


class ParameterExists(CloudError):
    """There is a parameter of this name already."""


class InvalidParameter(CloudError, ValueError):
    """The store does not take such a parameter."""


class ParametersFull(CloudError):
    """The store holds as many parameters as it may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter as read, in clear. `version` counts its writes from 1; `modified_at` is Unix seconds."""

    name: str
    value: str
    type: ParameterType
    version: int
    modified_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class NewValue:
    """
    A value to put: text of 1 byte to 4 KiB, or to 8 KiB where `advanced`, which costs money on AWS.

    A `StringList` is separated by commas. A `SecureString` is sealed at rest and read in clear.
    """

    value: str
    type: ParameterType = "String"
    advanced: bool = False

    def __post_init__(self) -> None:
        if self.type not in get_args(ParameterType):
            raise InvalidParameter(
                f"{self.type!r} is no type of parameter", hint=f"use one of {', '.join(get_args(ParameterType))}"
            )
        size_bytes = len(self.value.encode("utf-8", "surrogatepass"))
        most = ADVANCED_VALUE_BYTES_MAX if self.advanced else VALUE_BYTES_MAX
        if not 1 <= size_bytes <= most:
            hint = None if self.advanced else f"an advanced parameter takes up to {ADVANCED_VALUE_BYTES_MAX}"
            raise InvalidParameter(f"A parameter's value has 1 to {most} bytes; this one has {size_bytes}", hint=hint)
        if "{{" in self.value:
            raise InvalidParameter("A parameter's value cannot refer to another parameter with {{")
        if any("\ud800" <= character <= "\udfff" for character in self.value):
            raise InvalidParameter("A parameter's value is text, and half of a surrogate pair is none")


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterPage:
    """Parameters in no promised order. `next` is None on the last page, else what the next read begins after."""

    parameters: tuple[Parameter, ...]
    next: str | None = None


class Parameters(Protocol):
    """
    Parameters by name, read by any number of components and written by few.

    Names are whole paths, such as `/accounts/a1/cloud-type`: up to 15 levels of letters, digits and `_ . -`.
    Every operation raises CloudError when the store cannot be reached or written, InvalidParameter for a name that is
    malformed.
    """

    def get(self, name: str) -> Parameter:
        """
        One parameter.

        Raises:
            ParameterNotFound: There is none of this name.
        """
        ...

    def page(
        self, path: str, *, recursive: bool = False, limit: int = PAGE_MAX, after: str | None = None
    ) -> ParameterPage:
        """
        The parameters right below a path, or at any depth below it.

        Args:
            path: Such as `/accounts/a1` or `/accounts/a1/`: both mean the same here, and policies tell them apart, for
                a grant on `/accounts/*` does not cover `/accounts`.
            limit: Parameters a page, 1..10. A page may have fewer, even none, with more to follow.
            after: `next` of the page before; None for the first.
        """
        ...

    def put(self, name: str, value: NewValue, *, overwrite: bool = False) -> int:
        """
        Keep a value; once this returns it survives the end of the process. Gives its version.

        Raises:
            ParameterExists: There is one, and `overwrite` was not said.
            InvalidParameter: Overwriting would change its type, or make an advanced one standard.
            ParametersFull: The store takes no more names.
        """
        ...

    def delete(self, name: str) -> None:
        """
        Forget a parameter and its versions.

        Raises:
            ParameterNotFound: There is none of this name.
        """
        ...


def below(parameters: Parameters, path: str) -> Iterator[Parameter]:
    """Every parameter at any depth below a path, page by page."""
    after = None
    while True:
        page = parameters.page(path, recursive=True, after=after)
        yield from page.parameters
        after = page.next
        if after is None:
            return


def check_name(name: str, *, new: bool = False) -> None:
    """Raise InvalidParameter for a name that the store does not know, or does not take for a new parameter."""
    if len(name) > NAME_CHARACTERS_MAX:
        raise InvalidParameter(f"A parameter's name has up to {NAME_CHARACTERS_MAX} characters, not {len(name)}")
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"{name!r} is no name of a parameter",
            hint="write a whole path such as /accounts/a1/cloud-type, of letters, digits and _ . -",
        )
    if name.count("/") > LEVELS_MAX:
        raise InvalidParameter(f"{name!r} has {name.count('/')} levels; a parameter has up to {LEVELS_MAX}")
    if new and _RESERVED.match(name):
        raise InvalidParameter(f"{name!r} begins with a word that AWS keeps for itself", hint="begin with another word")


def check_page(path: str, limit: int) -> None:
    """Raise InvalidParameter for an argument of `Parameters.page` that is out of range."""
    if len(path) > NAME_CHARACTERS_MAX or not _PATH.fullmatch(path):
        raise InvalidParameter(f"{path!r} is no path of parameters", hint="write a path such as /accounts/a1")
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidParameter(f"A page has 1 to {PAGE_MAX} parameters, not {limit}")
