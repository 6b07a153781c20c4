"""
Where a request is carried out.

What takes microseconds, on the event loop: handing it to a thread and back would take longer. What may take long, in a
thread: of a few what computes, of many what mostly waits. A write whose commit waits for a disk, on the loop too; but
its answer waits for the commit, which a thread makes for all that came together. That is for the endpoint's own engine:
in another account or region, threads write.
"""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tenantable.engine.http.answers import NOT_FOUND, Answer, encoded, healthy, is_compressible, preflight
from tenantable.engine.http.commits import Reply, SharedCommits
from tenantable.engine.http.endpoint import Endpoint, JsonEngine
from tenantable.engine.http.requests import Request
from tenantable.wire.errors import DynamoError

THREADS_MAX = 16
COMPUTING_THREADS_MAX = 4
"""
For reads that go through a megabyte or more. They have the interpreter in turn, and the event loop is one of those who
wait for it: sixteen would be no faster than four, and make everybody else wait four times as long.
"""
QUICK_REQUEST_BYTES_MAX = 256 * 1024  # parsing and hashing more would keep others waiting for milliseconds
QUICK_COMPRESSION_BYTES_MAX = 64 * 1024

_READS = frozenset(
    "GetItem BatchGetItem TransactGetItems DescribeTable ListTables DescribeTimeToLive ListTagsOfResource "
    "DescribeContinuousBackups DescribeBackup ListBackups DescribeExport ListExports DescribeImport ListImports "
    "DescribeLimits DescribeEndpoints ListStreams DescribeStream GetShardIterator GetRecords".split()
)
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
_SEARCHES = frozenset({"Query", "Scan"})
_FILTER = re.compile(rb"FilterExpression|QueryFilter")  # a filter may read and parse a megabyte for each page
_SELECT = re.compile(rb'"Statement"\s*:\s*"\s*SELECT', re.IGNORECASE)


class Dispatcher:
    """Carries out the requests of one server. It belongs to the running event loop, and answers there."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS_MAX, "dynamodb")
        self._computing = ThreadPoolExecutor(COMPUTING_THREADS_MAX, "dynamodb reads")
        self._commits = SharedCommits(endpoint, self._loop) if endpoint.commits_wait else None

    async def close(self) -> None:
        """Wait for what is being carried out; nothing may be taken any more."""
        self._computing.shutdown()
        self._threads.shutdown()
        if self._commits is not None:
            await self._commits.close()

    def take(self, request: Request, reply: Reply) -> Answer | None:
        """The answer; None when it will be given to `reply` later, on the event loop."""
        request.id = self.endpoint.request_ids()
        if request.method == "OPTIONS":
            return preflight(request)
        if request.method in {"GET", "HEAD"} and request.is_at_root:
            return self._take_other(request, reply, otherwise=healthy(request))
        if not request.is_call:
            return self._take_other(request, reply, otherwise=NOT_FOUND)
        # What is compressed may be a thousand times as large as it came.
        if len(request.body or b"") > QUICK_REQUEST_BYTES_MAX or "content-encoding" in request.headers:
            self._hand_over(lambda: self._admit_and_carry_out(request), request, reply)
            return None
        try:
            engine, content = self.endpoint.admit(request)
        except DynamoError as error:
            if error.code == "UnknownOperationException":
                return self._take_other(request, reply, otherwise=error)
            return self.endpoint.refuse(error)
        except Exception:  # noqa: BLE001 - as in `carry_out`
            return self.endpoint.failed(request.operation)
        return self._take_admitted(request, content, reply, engine=engine)

    def _take_other(self, request: Request, reply: Reply, *, otherwise: Answer | DynamoError) -> Answer | None:
        """What is no call of DynamoDB may be one of another service; those are answered in threads."""
        service = self.endpoint.other_service(request)
        if service is not None:
            self._hand_over(lambda: self.endpoint.answer_other(request, service), request, reply)
            return None
        return self.endpoint.refuse(otherwise) if isinstance(otherwise, DynamoError) else otherwise

    def _take_admitted(self, request: Request, content: bytes, reply: Reply, *, engine: JsonEngine) -> Answer | None:
        if request.operation in _WRITES:
            if self._commits is not None and engine is self.endpoint.engine:
                self._commits.add(request, content, reply)
                return None
            is_quick = self._commits is None and not engine.is_writing  # whoever writes may take long
        else:
            is_quick = request.operation in _READS or (request.operation == "Query" and not _FILTER.search(content))
        if not is_quick:
            threads = self._computing if _computes(request.operation, content) else self._threads
            self._hand_over(lambda: self.endpoint.carry_out(request, content, engine), request, reply, threads)
            return None
        answer = self.endpoint.carry_out(request, content, engine)
        if len(answer.body) > QUICK_COMPRESSION_BYTES_MAX and is_compressible(answer, request):
            self._hand_over(lambda: answer, request, reply)
            return None
        return encoded(answer, request)

    def _admit_and_carry_out(self, request: Request) -> Answer:
        try:
            engine, content = self.endpoint.admit(request)
        except DynamoError as error:
            service = self.endpoint.other_service(request) if request.operation is None else None
            return self.endpoint.refuse(error) if service is None else self.endpoint.answer_other(request, service)
        return self.endpoint.carry_out(request, content, engine)

    def _hand_over(
        self, work: Callable[[], Answer], request: Request, reply: Reply, threads: ThreadPoolExecutor | None = None
    ) -> None:
        """Let a thread do the work, and compress its answer."""

        def carry_out() -> None:
            try:
                answer = encoded(work(), request)
            except Exception:  # noqa: BLE001 - as in `Endpoint.carry_out`
                answer = self.endpoint.failed(request.operation)
            self._loop.call_soon_threadsafe(reply, answer)

        (threads or self._threads).submit(carry_out)


def _computes(operation: str | None, content: bytes) -> bool:
    """Whether a request that may take long spends the time computing; else it mostly waits, for others or a disk."""
    return operation in _SEARCHES or (operation == "ExecuteStatement" and _SELECT.search(content) is not None)
