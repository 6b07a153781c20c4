"""Which account and region a request speaks of, by what it says of its signer."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.principals import Principal, arn_of

ACCOUNT = re.compile(r"[0-9]{12}")
"""What the number of an AWS account looks like."""

_REGION = re.compile(r"[a-z0-9-]{1,40}")
_CREDENTIAL_CHARACTERS_MAX = 1024  # a longer text is not remembered

DEFAULT_HOME = Home()
"""The account and region of whoever names none; `home_of_request` gives this very object for it."""


def home_of_request(headers: Mapping[str, str], principal: Principal | None = None) -> Home:
    """
    The account and region of a request: those of the credential in its Authorization header, checked or not.

    An access key id of twelve digits is itself the account; of any other, the account is that of the principal. Without
    one, and without a credential, a request belongs to the default account. Names of regions are taken in lower case.

    Args:
        headers: By name in lower case.
        principal: Who sent it, where that is known and no administrator.
    Raises:
        DynamoError: InvalidSignatureException when the region cannot be one.
    """
    authorization = headers.get("authorization", "")
    beginning = authorization.partition(",")[0]  # signers put the credential first; one caller sends the same all day
    if len(beginning) > _CREDENTIAL_CHARACTERS_MAX or "Credential=" not in beginning:
        home = _home_of_credential.__wrapped__(authorization)
    else:
        home = _home_of_credential(beginning)
    return home if principal is None else _home_of_principal(arn_of(principal), home)


@lru_cache(maxsize=1024)
def _home_of_credential(authorization: str) -> Home:
    credential = authorization.partition("Credential=")[2].partition(",")[0]
    access_key_id, *scope = credential.strip().split("/")
    account_id = access_key_id if ACCOUNT.fullmatch(access_key_id) else DEFAULT_HOME.account_id
    region = scope[1].lower() if len(scope) >= 2 else DEFAULT_HOME.region
    if not _REGION.fullmatch(region):
        raise DynamoError("InvalidSignatureException", "Credential should be scoped to a valid region. ")
    home = Home(account_id=account_id, region=region)
    return DEFAULT_HOME if home == DEFAULT_HOME else home


@lru_cache(maxsize=1024)
def _home_of_principal(arn: str, home: Home) -> Home:
    account_id = (arn.split(":") + [""] * 5)[4]
    own = replace(home, account_id=account_id) if ACCOUNT.fullmatch(account_id) else home
    return DEFAULT_HOME if own == DEFAULT_HOME else own
