"""
All that is claimed of speed, measured in one run beside the peers that are installed; writes the page of the reference.

`--only` measures one part and writes nothing.
"""

import argparse
import datetime as dt
from pathlib import Path

import beside_moto
import decisions_of_access
import growth
import over_http
import report
from rich.console import Console

PARTS = {
    "http": over_http.sections,
    "moto": beside_moto.sections,
    "growth": growth.sections,
    "decisions": decisions_of_access.sections,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append")
    given = parser.parse_args()
    console = Console(stderr=True)
    measured: list[report.Section] = []
    with console.status("measuring") as status:
        for part in given.only or PARTS:
            sections = PARTS[part](status.update)
            report.show(sections)
            measured += sections
    if given.only is None:
        report.write(measured, day=dt.datetime.now(tz=dt.UTC).date().isoformat())
        console.print(f"written to {report.PAGE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
