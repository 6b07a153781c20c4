"""What only the embedded parameter store promises; the rest is in the suite that AWS's passes too."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys
from tenantable.cloud.parameters.embedded import EmbeddedParameters
from tenantable.cloud.parameters.parameter import InvalidParameter, NewValue, below


def opened(folder: Path) -> EmbeddedParameters:
    return EmbeddedParameters(folder / "parameters.db", EnvelopeKeys(FileMasterKey(folder / "key")))


@pytest.fixture
def parameters(tmp_path: Path) -> Iterator[EmbeddedParameters]:
    found = opened(tmp_path)
    yield found
    found.close()


def test_values_survive_reopening(tmp_path: Path) -> None:
    for value in ("a", "b"):
        parameters = opened(tmp_path)
        parameters.put("/a", NewValue(value=value, type="SecureString"), overwrite=True)
        parameters.close()
    parameters = opened(tmp_path)
    assert (parameters.get("/a").value, parameters.get("/a").version) == ("b", 2)
    parameters.close()


def test_a_secure_string_does_not_show_in_the_file(parameters: EmbeddedParameters, tmp_path: Path) -> None:
    parameters.put("/plain", NewValue(value="in-the-open"))
    parameters.put("/sealed", NewValue(value="never-to-be-seen", type="SecureString"))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("parameters.db*"))
    assert b"in-the-open" in stored
    assert b"never-to-be-seen" not in stored


def test_a_parameter_keeps_its_type(parameters: EmbeddedParameters) -> None:
    parameters.put("/a", NewValue(value="a"))
    with pytest.raises(InvalidParameter, match="is a String and cannot become a SecureString"):
        parameters.put("/a", NewValue(value="a", type="SecureString"), overwrite=True)


def test_an_advanced_parameter_stays_one(parameters: EmbeddedParameters) -> None:
    parameters.put("/a", NewValue(value="a"))
    parameters.put("/a", NewValue(value="a", advanced=True), overwrite=True)
    with pytest.raises(InvalidParameter, match="cannot become a standard one"):
        parameters.put("/a", NewValue(value="a"), overwrite=True)


def test_pages_are_in_the_order_of_names(parameters: EmbeddedParameters) -> None:
    for name in ("/t/b", "/t/a/z", "/t-0", "/t/c"):
        parameters.put(name, NewValue(value="x"))
    assert [found.name for found in below(parameters, "/t")] == ["/t/a/z", "/t/b", "/t/c"]
    assert [found.name for found in below(parameters, "/")] == ["/t-0", "/t/a/z", "/t/b", "/t/c"]


ENDLESS_WRITER = """
import sys, threading
from pathlib import Path
from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys
from tenantable.cloud.parameters.embedded import EmbeddedParameters
from tenantable.cloud.parameters.parameter import NewValue

folder = Path(sys.argv[1])
parameters = EmbeddedParameters(folder / "parameters.db", EnvelopeKeys(FileMasterKey(folder / "key")))

def write(writer):
    kind = ("String", "SecureString")[writer % 2]
    while True:
        for number in range(50):
            name = f"/w{writer}/{number}"
            version = parameters.put(name, NewValue(value=name, type=kind), overwrite=True)
            sys.stdout.write(f"{name} {version}\\n")
            sys.stdout.flush()

for writer in range(4):
    threading.Thread(target=write, args=[writer]).start()
"""


@pytest.mark.slow
def test_acknowledged_values_survive_sigkill(tmp_path: Path) -> None:
    """A process is killed in the middle of concurrent writes; whatever it had acknowledged is there, and whole."""
    for crash in range(5):
        folder = tmp_path / str(crash)
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS_WRITER, folder], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            acknowledged = dict(child.stdout.readline().split() for _ in range(200 + 37 * crash))
            child.kill()
        parameters = opened(folder)
        for name, version in acknowledged.items():
            found = parameters.get(name)
            assert found.value == name
            assert found.version >= int(version)
        parameters.close()
