"""Parameters in the hands of one identity: every call is asked for before it is made."""

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.parameters.parameter import PAGE_MAX, NewValue, Parameter, ParameterPage, Parameters
from tenantable.wire.arns import Home


class AuthorizedParameters:
    """
    Implements `Parameters`; every operation raises AccessDenied where the identity's policies do not allow its action.

    Whoever may list a path sees everything below it, also what is denied by its own name: so it is on AWS.
    Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Systems Manager".
    """

    def __init__(self, parameters: Parameters, *, authorizer: Authorizer, home: Home) -> None:
        self._parameters = parameters
        self._authorizer = authorizer
        self._home = home

    def get(self, name: str) -> Parameter:
        self._authorizer.authorize("ssm:GetParameter", self._home.parameter(name))
        return self._parameters.get(name)

    def page(
        self, path: str, *, recursive: bool = False, limit: int = PAGE_MAX, after: str | None = None
    ) -> ParameterPage:
        context = {"ssm:Recursive": "true" if recursive else "false"}
        self._authorizer.authorize("ssm:GetParametersByPath", self._home.parameter(path), context)
        return self._parameters.page(path, recursive=recursive, limit=limit, after=after)

    def put(self, name: str, value: NewValue, *, overwrite: bool = False) -> int:
        context = {"ssm:Overwrite": "true" if overwrite else "false"}
        self._authorizer.authorize("ssm:PutParameter", self._home.parameter(name), context)
        return self._parameters.put(name, value, overwrite=overwrite)

    def delete(self, name: str) -> None:
        self._authorizer.authorize("ssm:DeleteParameter", self._home.parameter(name))
        self._parameters.delete(name)
