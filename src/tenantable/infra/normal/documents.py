"""The tables of a file, whichever tool it is for."""

from collections.abc import Mapping

import orjson

from tenantable.errors import InfrastructureError
from tenantable.infra.normal.forms import TableForm
from tenantable.infra.normal.templates import parse_template, read_template
from tenantable.infra.normal.terraform import read_terraform
from tenantable.wire.arns import Home


def read_document(text: str, *, parameters: Mapping[str, str], home: Home) -> dict[str, TableForm]:
    """
    The tables of a plan or state (`terraform show -json`) or of a CloudFormation template, by name.

    Args:
        parameters: Values of a template's parameters; the others have their defaults.
        home: Where a template's stack is.
    Raises:
        InfrastructureError: It is neither, or says something that is not understood.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    try:
        if isinstance(document, dict) and "format_version" in document:
            return read_terraform(document)
        return read_template(parse_template(text), parameters=parameters, home=home)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        hint = "check the file with terraform validate or cfn-lint"
        shown = f"{type(error).__name__}: {error}"
        raise InfrastructureError(f"A table in the file is not written as it must be: {shown}", hint=hint) from error
