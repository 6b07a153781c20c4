"""
What an answer 401 says of the credential in its header WWW-Authenticate.

Source: RFC 6750, section 3: no error where there was no credential, else `invalid_token`.
"""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tenantable.services.access.errors import NotAuthenticated
from tenantable.web.problems import refusal_response


def install_challenges(app: FastAPI) -> None:
    """Say with each answer 401 whether there was a credential at all."""

    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, NotAuthenticated)
        header = "Bearer"
        if error.challenge is not None:
            header = f'Bearer error="invalid_token", error_description="{error.challenge}"'
        return refusal_response(request, error, headers={"www-authenticate": header})

    app.add_exception_handler(NotAuthenticated, refuse)
