"""Settings of a running system: from the environment (`TENANTABLE_PORT`), else from one TOML file, else the default."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

PREFIX = "TENANTABLE_"
SETTINGS_FILE = "tenantable.toml"
COMMAND_VARIABLES = frozenset({f"{PREFIX}ACCESS_ENDPOINT", f"{PREFIX}ACCESS_TOKEN"})
"""Variables of commands that call a running system: for these the environment alone counts."""
SECRETS = frozenset(
    {"operator_token", "cursor_key", "platform_secret", "chain_key", "former_chain_keys", "signing_keys"}
)

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """
    Everything that can be set. The environment wins over `tenantable.toml` in the working directory.

    Raises:
        pydantic.ValidationError: A value has the wrong form; each is named with its place.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file=SETTINGS_FILE, extra="forbid", frozen=True)

    cloud: Literal["local", "aws"] = Field(
        default="local", description="`local`: embedded engine, queues and keys. `aws`: Amazon's."
    )
    data: Path = Field(
        default=Path(".tenantable"), description="Folder of the embedded engine, queues, keys and credentials."
    )
    durability: Literal["power", "process", "none"] = Field(
        default="power",
        description="What an acknowledged write survives: power loss, a killed process, or nothing (tests).",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8080, description="Port of the webhook API.")
    access: bool = Field(default=True, description="Run access management beside the webhooks.")
    access_port: Port | None = Field(
        default=None, description="Port of the access management API. Default: the one after `port`, or any with 0."
    )
    access_url: str | None = Field(
        default=None,
        description="Where callers reach access management, as its discovery documents say."
        " Default: the address it listens on.",
    )
    default_organisation: str | None = Field(
        default=None, description="Organisation of AuthZEN requests that name none. Default: they must name one."
    )
    dynamodb_port: Port = Field(default=8000, description="Port of the DynamoDB endpoint; only with `cloud = local`.")
    prefix: str = Field(
        default="", pattern=r"^[a-z0-9-]{0,32}$", description="Begins every physical name, such as `dev-`."
    )
    stage: Literal["dev", "sit", "prod"] = Field(
        default="dev", description="Stage in the name of access management's table."
    )
    region: str = Field(default="us-east-1", description="Region in resource names and requests.")
    account_id: str = Field(default="000000000000", pattern=r"^\d{12}$", description="AWS account in resource names.")
    create_resources: bool | None = Field(
        default=None,
        description="Create missing tables and queues at the start. Default: yes with `local`, no with `aws`.",
    )
    kms_key_id: str | None = Field(default=None, description="KMS key for secrets at rest; needed with `cloud = aws`.")
    operator_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token that may create tenants. Default: made once, kept in the data folder.",
    )
    cursor_key: SecretStr | None = Field(
        default=None, min_length=32, description="Signs page cursors. Default: made once, kept in the data folder."
    )
    platform_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Secret of access management's administrator. Default: made once, kept in the data folder.",
    )
    chain_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Keys the digests of the audit trail, for ever. Default: made once, kept in the data folder.",
    )
    former_chain_keys: SecretStr | None = Field(
        default=None,
        description="Keys that digested earlier events of the audit trail, one a line, the oldest first; `lost:ID` for"
        " one that nobody has any more.",
    )
    signing_keys: SecretStr | None = Field(
        default=None,
        description="Private JSON Web Key Set of EC keys on P-256: the first signs users' tokens, the others did."
        " Default: made once, kept in the data folder.",
    )
    token_issuer: str = Field(
        default="tenantable", min_length=1, description="`iss` and `aud` of the tokens that are signed here."
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="OpenID provider whose tokens are believed, such as `https://login.example.com`; then none are"
        " signed here.",
    )
    oidc_audience: str | None = Field(default=None, description="`aud` that the provider's tokens must have.")
    oidc_user_claim: str = Field(
        default="sub", min_length=1, description="Claim of the provider's tokens that is the user's id."
    )
    allow_private_targets: bool = Field(
        default=False, description="Development only: deliver webhooks to private addresses such as 127.0.0.1."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged, as JSON lines."
    )
    log_requests: bool = Field(
        default=False, description="Log each request of the engine, without values; only with `cloud = local`."
    )
    explain_denials: bool = Field(
        default=False,
        description="Log what each denied request lacks, without values; only with `cloud = local`.",
    )
    metrics_port: Port | None = Field(
        default=None, description="Port of the engine's Prometheus metrics; unset: none. Only with `cloud = local`."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address that the engine's metrics are served on.")

    @property
    def creates_resources(self) -> bool:
        return self.cloud == "local" if self.create_resources is None else self.create_resources

    @property
    def access_port_used(self) -> int:
        """With 0 any free port is taken, for both APIs."""
        return self.access_port if self.access_port is not None else self.port and self.port + 1

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings' own
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
