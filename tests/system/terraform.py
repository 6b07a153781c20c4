"""
Terraform against `tenantable dynamodb`: whatever module, whole or not at all.

`lifecycle` takes a module through its life: init, apply, an empty plan, a change, an empty plan, destroy. It needs
nothing in the module: where the endpoint is, and who asks, is in the environment.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

REGION = "us-east-1"
STEP_SECONDS = 600
"""A step that takes longer is stuck: the provider tries again for minutes what it takes for a passing failure."""

PLUGIN_FOLDERS = [
    os.environ.get("TF_PLUGIN_DIR", ""),
    "~/.terraform.d/plugins",
    "/usr/local/share/terraform/plugins",
    *(str(mirror.parent) for mirror in Path("/opt").glob("*/registry.terraform.io")),
]
"""Where a machine without a network keeps Terraform's providers."""

IN_A_HURRY = {
    "GOGC": "400",  # collect garbage less often: a fifth less work for a quarter more memory
    "TF_CLI_ARGS_apply": "-parallelism=40",  # what waits holds nothing up
    "TF_CLI_ARGS_destroy": "-parallelism=40",
}
"""Settings of the process alone: what the endpoint is asked stays the same."""

AS_PLANNED = "-refresh=false"
"""After an empty plan, which has just read everything: it would read the same again."""

_SHOWN_REQUESTS = 25
_SHOWN_CHARACTERS = 8000

Variables = Mapping[str, Any]
"""The values of a module's variables, by name; what JSON can hold."""


class StepFailed(AssertionError):
    """A step of Terraform ended otherwise than it must; says how, and what the endpoint was asked last."""


BUCKETS = "AWS_ENDPOINT_URL_S3"
"""Where buckets are, if a test has some; everything else is at the endpoint."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The program, and the folder of its providers, which all runs share."""

    program: str
    plugins: str


def installed() -> Installed | None:
    """Terraform with its providers; None where either is missing."""
    program, plugins = shutil.which("terraform"), plugin_folder()
    return None if program is None or plugins is None else Installed(program=program, plugins=plugins)


NOT_INSTALLED = "terraform or a folder of its providers (TF_PLUGIN_DIR) is not there"


def plugin_folder() -> str | None:
    return next(
        (found for found in map(os.path.expanduser, filter(None, PLUGIN_FOLDERS)) if Path(found).is_dir()), None
    )


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A running endpoint, and the file with the log of its requests."""

    server: "DynamoProcess"
    log: Path

    def environment(self) -> dict[str, str]:
        """What lets the AWS provider find the endpoint for every service, with no word of it in a module."""
        return {
            "AWS_ENDPOINT_URL": self.server.address,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def table_names(self) -> list[str]:
        """The tables that there are now."""
        client = boto3.client(
            "dynamodb",
            endpoint_url=self.server.address,
            region_name=REGION,
            aws_access_key_id=self.server.access_key_id,
            aws_secret_access_key=self.server.secret_access_key,
        )
        with closing(client):
            return client.list_tables()["TableNames"]

    def requests(self) -> list[dict[str, Any]]:
        """The requests so far, as the endpoint logs them."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


@contextmanager
def logged_endpoint(start_dynamo: "StartDynamo", folder: Path, *options: str) -> Iterator[Endpoint]:
    """An endpoint on a data folder of its own that writes down what it is asked."""
    log = folder / "requests.log"
    with log.open("w") as stream, start_dynamo(folder / "data", "--log-requests", *options, stderr=stream) as server:
        yield Endpoint(server=server, log=log)


@dataclass(kw_only=True)
class Run:
    """One module in a working folder of its own. `seconds` is how long each step took, in order."""

    installed: Installed
    endpoint: Endpoint
    folder: Path
    seconds: list[tuple[str, float]] = field(default_factory=list)

    def step(self, *words: str, variables: Variables | None = None, status: int = 0) -> str:
        """
        Run `terraform` with these words.

        Args:
            variables: None for steps that take none.
            status: What it must end with: 2 where a plan must find changes.
        Returns:
            What it wrote.
        Raises:
            StepFailed: It ended with another status, or not at all.
        """
        given = []
        if variables is not None:
            given = [f"-var={name}={_written(value)}" for name, value in variables.items()]
        command = [self.installed.program, *words, "-no-color", *given]
        started = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self._environment(),
                capture_output=True,
                text=True,
                timeout=STEP_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            output = error.stdout.decode() if isinstance(error.stdout, bytes) else ""
            raise StepFailed(self._report(words, f"took more than {STEP_SECONDS} s", output, "")) from error
        self.seconds.append((words[0], time.monotonic() - started))
        if done.returncode != status:
            ended = f"ended with {done.returncode} instead of {status}"
            raise StepFailed(self._report(words, ended, done.stdout, done.stderr))
        return done.stdout

    def init(self) -> None:
        self.step("init", "-input=false", f"-plugin-dir={self.installed.plugins}")

    def apply(self, variables: Variables, *words: str) -> None:
        """Terraform validates the module first."""
        self.step("apply", "-input=false", "-auto-approve", *words, variables=variables)

    def plan_is_empty(self, variables: Variables) -> None:
        """A plan finds nothing to do: what runs is what the module says."""
        self.step("plan", "-input=false", "-detailed-exitcode", variables=variables)

    def outputs(self) -> dict[str, Any]:
        return {name: each["value"] for name, each in json.loads(self.step("output", "-json")).items()}

    def destroy(self, variables: Variables, *words: str) -> None:
        self.step("destroy", "-input=false", "-auto-approve", *words, variables=variables)

    def _environment(self) -> dict[str, str]:
        rc = self.folder / "terraformrc"
        rc.write_text("disable_checkpoint = true\n")
        own = {"TF_CLI_CONFIG_FILE": str(rc), "TF_IN_AUTOMATION": "1", **IN_A_HURRY}
        return {name: value for name, value in os.environ.items() if not name.startswith("AWS_") or name == BUCKETS} | (
            own | self.endpoint.environment()
        )

    def _report(self, words: Sequence[str], ended: str, output: str, errors: str) -> str:
        requests = [
            " ".join(str(each.get(name)) for name in ("service", "operation", "region", "status", "code"))
            for each in self.endpoint.requests()[-_SHOWN_REQUESTS:]
        ]
        parts = [
            f"terraform {' '.join(words)} {ended}",
            errors[-_SHOWN_CHARACTERS:].strip() or output[-_SHOWN_CHARACTERS:].strip(),
            "The last requests (service, operation, region, status, error):",
            *requests,
        ]
        return "\n".join(parts)


def run_of(module: Path | str, endpoint: Endpoint, folder: Path, found: Installed) -> Run:
    """
    A run of a module that is left as it is.

    Args:
        module: Its folder, or the text of its only file.
        folder: Where it is copied to; must not exist.
    """
    if isinstance(module, Path):
        shutil.copytree(module, folder)
    else:
        folder.mkdir(parents=True)
        (folder / "main.tf").write_text(module)
    return Run(installed=found, endpoint=endpoint, folder=folder)


def lifecycle(run: Run, variables: Variables, *changes: Variables) -> dict[str, Any]:
    """
    Take a module through its life. After every apply a plan must be empty.

    Args:
        variables: Of the first apply.
        changes: Of further ones, on top of `variables`.
    Returns:
        The outputs after the first apply.
    Raises:
        StepFailed: With the errors of the step and the endpoint's last requests.
    """
    run.init()
    run.apply(variables)
    outputs = run.outputs()
    run.plan_is_empty(variables)
    latest = variables
    for change in changes:
        latest = {**variables, **change}
        run.apply(latest, AS_PLANNED)
        run.plan_is_empty(latest)
    run.destroy(latest, AS_PLANNED)
    return outputs


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
