"""Bearer tokens: what is believed, and each way in which it is not."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.tokens import (
    EmbeddedIssuer,
    Issuer,
    TokenAuthenticator,
    new_key,
)
from tenantable.testing import ManualClock

ISSUER = "https://issuer.test"
AUDIENCE = "our-api"
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
STRANGE = ECKey.generate_key("P-256", parameters={"kid": "ec"})
CLOCK = ManualClock()
NOW = int(CLOCK.now)
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": NOW, "exp": NOW + 600}


def public(*keys: Key) -> KeySet:
    return KeySet.import_key_set({"keys": [key.as_dict(private=False) for key in keys]})


def believed(token: str, *keys: Key, user_claim: str = "sub") -> Caller | None:
    known = public(*(keys or (EC, RSA, ED)))
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, keys=lambda _key_id: known, user_claim=user_claim)
    return TokenAuthenticator([issuer], clock=CLOCK).caller(token)


def signed(key: Key = EC, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    content = {name: value for name, value in (CLAIMS | claims).items() if value is not ...}
    return jwt.encode({"alg": alg, "kid": key.kid} | (header or {}), content, key, algorithms=[alg])


def unsigned(header: dict[str, Any], signature: bytes = b"", **claims: Any) -> str:
    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(CLAIMS | claims)}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize(
    ("key", "alg"), [(EC, "ES256"), (RSA, "RS256"), (RSA, "PS256"), (ED, "Ed25519"), (ED, "EdDSA")]
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_token_names_its_user(key: Key, alg: str) -> None:
    assert believed(signed(key, alg)) == Caller(kind="user", id="ann")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://another.test"},
        {"iss": ["https://issuer.test"]},
        {"iss": ...},
        {"aud": "another-api"},
        {"aud": ["another-api"]},
        {"aud": ...},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": "ann\nORG"},
        {"sub": "ann\n"},
        {"sub": "installation"},
        {"sub": "a" * 256},
        {"exp": ...},
        {"exp": NOW - 31},
        {"exp": "never"},
        {"exp": True},
        {"exp": None},
        {"nbf": NOW + 31},
        {"nbf": "soon"},
        {"iat": NOW + 31},
        {"iat": NOW + 31, "nbf": NOW},
        {"sub": "platform"},
    ],
    ids=str,
)
def test_each_claim_is_checked(claims: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        believed(signed(**claims))


@pytest.mark.parametrize("user_id", ["platform", "installation", "expiry"])
def test_no_user_is_called_as_other_callers_are_in_the_audit_trail(user_id: str) -> None:
    """Whichever claim says it, and whoever signs."""
    with pytest.raises(NotAuthenticated):
        believed(signed(uid=user_id), user_claim="uid")
    with pytest.raises(ValueError, match="no user id"):
        EmbeddedIssuer(new_key(), issuer=ISSUER, clock=CLOCK).token(user_id)


def test_a_subject_that_reads_as_a_service_key_is_another_id() -> None:
    assert believed(signed(sub="key:k1")) == Caller(kind="user", id="key~3Ak1")
    with pytest.raises(ValueError, match="no user id"):
        EmbeddedIssuer(new_key(), issuer=ISSUER, clock=CLOCK).token("key:k1")


@pytest.mark.parametrize("user_id", ["auth0|123", "google-oauth2|1", "Platform", "key-k1"])
def test_ids_of_providers_are_believed(user_id: str) -> None:
    assert believed(signed(sub=user_id)) == Caller(kind="user", id=user_id)


@pytest.mark.parametrize("claims", [{"exp": NOW - 29}, {"nbf": NOW + 29}, {"aud": ["x", AUDIENCE]}, {"iat": ...}])
def test_clocks_may_differ_a_little_and_audiences_may_be_several(claims: dict[str, Any]) -> None:
    assert believed(signed(**claims)) is not None


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature_is_refused(alg: str) -> None:
    for header in ({"alg": alg}, {"alg": alg, "kid": "ec"}):
        with pytest.raises(NotAuthenticated):
            believed(unsigned(header))


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic confusion: a token signed by HMAC with the text of the public key that everybody knows."""
    for key in (EC, RSA):
        for text in (key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()):
            content = unsigned({"alg": "HS256", "kid": key.kid}).removesuffix(".")
            signature = hmac.digest(text, content.encode(), "sha256")
            with pytest.raises(NotAuthenticated):
                believed(unsigned({"alg": "HS256", "kid": key.kid}, signature))


@pytest.mark.parametrize(("key", "alg"), [(RSA, "ES256"), (EC, "RS256"), (ED, "ES256")])
def test_the_kind_of_the_key_decides_the_algorithm(key: Key, alg: str) -> None:
    with pytest.raises(NotAuthenticated):
        believed(unsigned({"alg": alg, "kid": key.kid}, signature=b"s" * 64))


def test_a_signature_of_another_key_is_refused() -> None:
    with pytest.raises(NotAuthenticated):
        believed(signed(STRANGE))


def test_a_token_brings_no_key_of_its_own() -> None:
    own = {"jwk": STRANGE.as_dict(private=False)}
    with pytest.raises(NotAuthenticated):
        believed(signed(STRANGE, header=own))
    with pytest.raises(NotAuthenticated):
        believed(signed(STRANGE, header={"jku": "https://evil.test/keys"}))


def test_an_unknown_key_is_refused_and_one_of_several_must_be_named() -> None:
    with pytest.raises(NotAuthenticated):
        believed(signed(header={"kid": "nobodys"}))
    nameless = jwt.encode({"alg": "ES256"}, CLAIMS, EC)
    assert believed(nameless, EC) is not None
    with pytest.raises(NotAuthenticated):
        believed(nameless, EC, RSA)


@pytest.mark.parametrize("header", [{"kid": 7}, {"kid": ["ec"]}, {"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}])
def test_headers_that_mean_something_else_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        believed(unsigned({"alg": "ES256", "kid": "ec"} | header, signature=b"s" * 64))


def altered(change: Callable[[list[str]], None]) -> str:
    parts = signed().split(".")
    change(parts)
    return ".".join(parts)


@pytest.mark.parametrize(
    "token",
    [
        "a.b.c",
        "..",
        ". . ",
        "é.é.é",
        unsigned({}).replace(".", ".=", 1),
        altered(lambda parts: parts.__setitem__(1, unsigned({}, sub="bob").split(".")[1])),
        altered(lambda parts: parts.__setitem__(2, "")),
        altered(lambda parts: parts.__setitem__(2, parts[2][:-4])),
        altered(lambda parts: parts.__setitem__(1, base64.urlsafe_b64encode(b"[" * 5000).decode())),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(NotAuthenticated):
        believed(token)


def test_a_huge_token_is_refused_before_it_is_read() -> None:
    asked = []

    def keys(key_id: str | None) -> KeySet:
        asked.append(key_id)
        return public(EC)

    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, keys=keys)
    with pytest.raises(NotAuthenticated):
        TokenAuthenticator([issuer], clock=CLOCK).caller(signed(padding="x" * 8192))
    assert asked == []


def test_another_claim_can_hold_the_user() -> None:
    caller = believed(signed(oid="0f3c-22"), user_claim="oid")
    assert caller is not None
    assert caller.id == "0f3c-22"


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "Ann@EXAMPLE.com", "email_verified": True}, "ann@example.com"),
        ({"email": "ann@example.com"}, None),
        ({"email": "ann@example.com", "email_verified": "true"}, None),
        ({"email": "nobody", "email_verified": True}, None),
    ],
)
def test_only_a_verified_address_counts(claims: dict[str, Any], email: str | None) -> None:
    caller = believed(signed(**claims))
    assert caller is not None
    assert caller.email == email


def test_tokens_of_a_former_key_count_until_it_is_taken_away() -> None:
    """Key rotation."""
    old, new = new_key(), new_key()
    token = EmbeddedIssuer(old, issuer=ISSUER, clock=CLOCK).token("ann")
    rotated = EmbeddedIssuer(new, issuer=ISSUER, clock=CLOCK, former=[old])
    assert TokenAuthenticator([rotated.trusted], clock=CLOCK).caller(token) == Caller(kind="user", id="ann")
    assert TokenAuthenticator([rotated.trusted], clock=CLOCK).caller(rotated.token("bob")) is not None
    with pytest.raises(NotAuthenticated):
        TokenAuthenticator([EmbeddedIssuer(new, issuer=ISSUER, clock=CLOCK).trusted], clock=CLOCK).caller(token)


@pytest.mark.parametrize("seconds", [0, -1, 12 * 3600 + 1])
def test_a_token_lives_for_twelve_hours_at_most(seconds: int) -> None:
    with pytest.raises(ValueError, match="must be 1 to 43200"):
        EmbeddedIssuer(new_key(), issuer=ISSUER, clock=CLOCK).token("ann", lifetime_seconds=seconds)


def test_an_id_that_no_user_can_have_gets_no_token() -> None:
    with pytest.raises(ValueError, match="no user id"):
        EmbeddedIssuer(new_key(), issuer=ISSUER, clock=CLOCK).token("ann#1")


def test_published_keys_are_public() -> None:
    issuer = EmbeddedIssuer(new_key(), issuer=ISSUER, clock=CLOCK)
    (key,) = issuer.published_keys()["keys"]
    assert "d" not in key
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


@pytest.mark.parametrize(
    ("claims", "reason", "told"),
    [
        ({"exp": 0}, "token-expired", "The token expired at 1970-01-01T00:00:00Z, and it is "),
        ({"exp": ...}, "token-claims", "The token's exp is missing"),
        ({"nbf": 1e300}, "token-early", "The token's nbf is 9999-"),
        ({"aud": "other"}, "token-audience", "The token's aud is 'other'; expected is 'our-api'"),
        ({"aud": ["a", "b"]}, "token-audience", "The token's aud is a list of 2; expected is 'our-api'"),
        ({"aud": ...}, "token-audience", "The token's aud is missing; expected is 'our-api'"),
        ({"sub": "ann\u00e9"}, "token-user-id", "'ann\u00e9': a subject has 1 to 255 visible ASCII characters"),
        ({"sub": "platform"}, "token-user-id", "The token's sub is 'platform', as no user is called"),
        ({"sub": "x" * 256}, "token-user-id", "xxx...'"),
    ],
    ids=str,
)
def test_whoever_holds_a_signed_token_is_told_what_is_wrong_with_it(
    claims: dict[str, Any], reason: str, told: str
) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        believed(signed(**claims))
    assert told in refused.value.message
    assert refused.value.reason == reason
    assert "example" not in str(refused.value.challenge)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (signed(iss="https://another.test"), "token-issuer-unknown"),
        (signed(header={"kid": "nobodys"}), "token-key-unknown"),
        (signed(STRANGE, sub="bob"), "token-signature"),
        (unsigned({"alg": "none", "kid": "ec"}, exp=0), "token-signature"),
        ("a.b.c", "token-malformed"),
        (signed(exp=float("nan")), "token-malformed"),
        (signed(exp=float("inf")), "token-malformed"),
        ("x" * 9000 + "..", "token-too-long"),
    ],
)
def test_of_a_token_that_nobody_signed_the_log_alone_learns_more(token: str, reason: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        believed(token)
    assert refused.value.reason == reason
    assert (refused.value.message, refused.value.challenge) == (
        NotAuthenticated(reason="").message,
        NotAuthenticated(reason="").challenge,
    )
