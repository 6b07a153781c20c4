"""Parts of a module by subject: what each adds to which file."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenantable.infra.terraform.hcl import Block, Part


@dataclass(frozen=True, kw_only=True)
class Section:
    """
    What one subject adds to a module: a file of its own, and variables, local values and outputs.

    `title` is the file's heading. `locals` are groups of local values.
    """

    file: str
    title: str
    blocks: Sequence[Block] = ()
    variables: Sequence[Block] = ()
    locals: Sequence[Sequence[Part]] = ()
    outputs: Sequence[Block] = ()
