"""One client process: carries out what standard input tells it, and says how many operations it made in the time."""

import sys
import time
from itertools import cycle, islice

from targets import boto3_call
from workload import api_name, requests

PREPARED = 300


def main() -> None:
    call = boto3_call(sys.argv[1])
    for line in sys.stdin:
        operation, items, seed, seconds = line.rstrip("\n").split("\t")
        name, prepared = api_name(operation), list(islice(requests(operation, int(items), int(seed)), PREPARED))
        count, deadline = 0, time.perf_counter() + float(seconds)
        for request in cycle(prepared):
            call(name, request)
            count += 1
            if time.perf_counter() > deadline:
                break
        print(count, flush=True)


if __name__ == "__main__":
    main()
