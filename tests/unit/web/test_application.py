"""Every application of the kit: one shape of errors, request ids, limits, metrics, logs without secrets."""

from collections.abc import Callable
from typing import Annotated

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Header, Query, Request
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from structlog.testing import capture_logs

from tenantable.errors import AccessDenied, CloudError, InvalidCursor, ServiceError, Unavailable
from tenantable.web.application import new_application, refuse_unknown_queries
from tenantable.web.logs import configure_logs
from tenantable.web.problems import PROBLEM_MEDIA_TYPE, problem_responses

BODY_BYTES_MAX = 1000


class Teapot(ServiceError):
    """I am a teapot."""

    status = 418
    code = "teapot"


class Order(BaseModel):
    amount: int


def application() -> FastAPI:
    app = new_application(
        title="Test",
        version="1",
        description="",
        body_bytes_max=BODY_BYTES_MAX,
        registry=CollectorRegistry(),
        entropy=bytes,
    )
    refuse_unknown_queries(app)

    @app.post("/orders/{order_id}", responses=problem_responses(404))
    def post_order(order_id: str, order: Order) -> dict[str, int]:
        return {"amount": order.amount}

    @app.get("/fail/{kind}")
    def fail(kind: str, request: Request, secret: Annotated[str, Query()] = "") -> None:
        request.state.tenant_id = "t1"
        errors: dict[str, Exception] = {
            "teapot": Teapot(hint="use a pot"),
            "unavailable": Unavailable("the database at 10.0.0.1 is gone"),
            "cloud": CloudError("SQS refused a call on secret-queue"),
            "denied": AccessDenied("role/secret-role is not authorized"),
            "bug": ZeroDivisionError("secret detail"),
            "cursor": InvalidCursor("this is no cursor", hint="pass it unchanged"),
        }
        raise errors[kind]

    return app


@pytest.fixture(scope="module")
def client(serving: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    return serving(application())


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (("GET", "/fail/teapot", None), 418, "teapot"),
        (("GET", "/fail/unavailable", None), 503, "unavailable"),
        (("GET", "/fail/cloud", None), 503, "unavailable"),
        (("GET", "/fail/denied", None), 500, "internal-error"),
        (("GET", "/fail/bug", None), 500, "internal-error"),
        (("GET", "/fail/cursor", None), 400, "cursor-invalid"),
        (("GET", "/nowhere", None), 404, "not-found"),
        (("DELETE", "/orders/1", None), 405, "method-not-allowed"),
        (("POST", "/orders/1", b"{"), 422, "malformed-request"),
        (("POST", "/orders/1", b""), 422, "malformed-request"),
        (("POST", "/orders/1", b'{"amount": "many"}'), 422, "malformed-request"),
        (("POST", "/orders/1", b"\xff\xfe"), 422, "malformed-request"),
        (("POST", "/orders/1", b"x" * (BODY_BYTES_MAX + 1)), 413, "content-too-large"),
    ],
)
def test_every_error_has_the_one_shape(
    client: httpx.Client, sent: tuple[str, str, bytes | None], status: int, code: str
) -> None:
    method, path, content = sent
    # A server closes the connection after an unexpected error; no other request should be on it.
    headers = {"x-request-id": "abc-1", "content-type": "application/json", "connection": "close"}
    response = client.request(method, path, content=content, headers=headers)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.headers["content-type"] == PROBLEM_MEDIA_TYPE
    assert problem["type"] == f"urn:tenantable:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["requestId"] == "abc-1"


def test_what_happened_inside_is_not_told(client: httpx.Client) -> None:
    assert "secret detail" not in client.get("/fail/bug", headers={"connection": "close"}).text
    assert "secret-queue" not in client.get("/fail/cloud").text
    assert "secret-role" not in client.get("/fail/denied").text
    assert "10.0.0.1" not in client.get("/fail/unavailable").text


def test_hints_are_told(client: httpx.Client) -> None:
    assert client.get("/fail/teapot").json()["hint"] == "use a pot"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"amount": 1,\n  amount: 2}', "line 2, column 3: Expecting property name enclosed in double quotes"),
        (b"{", "line 1, column 2: Expecting property name enclosed in double quotes"),
        ('{"\u00e4\u20ac": 1,\n\n"x" 2}'.encode(), "line 3, column 5: Expecting ':' delimiter"),
    ],
)
def test_a_body_that_is_no_json_says_line_and_column(client: httpx.Client, content: bytes, problem: str) -> None:
    response = client.post("/orders/1", content=content, headers={"content-type": "application/json"})
    assert response.json()["detail"] == f"The body is no JSON: {problem}"
    assert response.json()["errors"] == [{"place": "body", "problem": problem}]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/fail/teapot?secert=whsec_x", "Unknown parameter; did you mean secret?"),
        ("/fail/teapot?secret=a&zzz", "Unknown parameter; there are secret"),
        ("/orders/1?amount=3", "Unknown parameter; there are none here"),
        ("/fail/teapot?%FF=1", "Unknown parameter; there are secret"),
    ],
)
def test_an_unknown_parameter_is_refused_with_the_nearest_known(client: httpx.Client, path: str, problem: str) -> None:
    response = client.request("POST" if "orders" in path else "GET", path, json={"amount": 1})
    assert (response.status_code, response.json()["code"]) == (422, "malformed-request")
    assert [each["problem"] for each in response.json()["errors"]] == [problem]
    assert "whsec_x" not in response.text


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json"])
def test_whoever_looks_after_the_service_may_add_what_they_like(client: httpx.Client, path: str) -> None:
    assert client.get(path, params={"collect[]": "x"}).status_code == 200


def test_every_route_says_that_it_refuses_unknown_parameters(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert "422" in paths["/fail/{kind}"]["get"]["responses"]


def test_malformed_requests_say_where_and_not_what(client: httpx.Client) -> None:
    response = client.post("/orders/1", json={"amount": "my password"})
    assert response.json()["errors"][0]["place"] == "body.amount"
    assert "my password" not in response.text


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_declared_as_json_is_told_the_missing_header(
    client: httpx.Client, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = client.post("/orders/1", content=b'{"amount": 1}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported-media-type")
    assert "content-type: application/json" in response.json()["detail"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.order+json"])
def test_every_json_type_is_taken(client: httpx.Client, content_type: str) -> None:
    response = client.post("/orders/1", content=b'{"amount": 1}', headers={"content-type": content_type})
    assert response.json() == {"amount": 1}


def test_a_busy_service_says_when_to_come_back(client: httpx.Client) -> None:
    assert client.get("/fail/cloud").headers["retry-after"] == "1"


def test_an_unallowed_method_is_told_the_allowed_ones(client: httpx.Client) -> None:
    assert client.delete("/orders/1").headers["allow"] == "POST"


def test_another_slash_at_the_end_leads_nowhere(client: httpx.Client) -> None:
    """A redirect would go to whatever host the request names."""
    answer = client.get("/healthz/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, answer.headers.get("location")) == (404, None)
    assert answer.headers["content-type"] == PROBLEM_MEDIA_TYPE


@pytest.mark.parametrize("given", ["mine.1", "a:b/c+d==", "{~}", "one of mine", "x" * 256])
def test_request_ids_are_echoed(client: httpx.Client, given: str) -> None:
    assert client.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a" * 257, "ä", "a\u2028", "a\tb"])
def test_malformed_request_ids_are_replaced(client: httpx.Client, given: str) -> None:
    response = client.get("/healthz", headers=[(b"x-request-id", given.encode())])
    assert response.headers["x-request-id"] == "a" * 24


@pytest.mark.parametrize("body", [b"[" * 900, b'{"amount": 1e999}'])
def test_hostile_json_is_refused(client: httpx.Client, body: bytes) -> None:
    response = client.post("/orders/1", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {400, 422}


def test_metrics_count_by_route_and_status(serving: Callable[[FastAPI], httpx.Client]) -> None:
    client = serving(application())
    client.post("/orders/17", json={"amount": 1})
    client.get("/fail/teapot")
    client.request("PROPFIND", "/nowhere")
    text = client.get("/metrics").text
    assert 'http_requests_total{method="POST",route="/orders/{order_id}",status="200"} 1.0' in text
    assert 'http_requests_total{method="GET",route="/fail/{kind}",status="418"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert "PROPFIND" not in text


def test_each_request_is_logged_without_its_content(client: httpx.Client) -> None:
    structlog.reset_defaults()
    with capture_logs() as logs:
        client.get("/fail/teapot?secret=whsec_x", headers={"authorization": "Bearer wk_x", "x-request-id": "r1"})
    (line,) = logs
    assert (line["route"], line["status"], line["request_id"], line["tenant_id"]) == ("/fail/{kind}", 418, "r1", "t1")
    assert line["reason"] == "teapot"
    assert "whsec_x" not in str(line)
    assert "wk_x" not in str(line)


@pytest.mark.parametrize(
    ("path", "level"),
    [("/fail/teapot", "warning"), ("/fail/unavailable", "warning"), ("/nowhere", "info"), ("/healthz", "info")],
)
def test_what_is_refused_is_in_the_log_at_every_level_and_scanners_are_not(
    client: httpx.Client, path: str, level: str
) -> None:
    structlog.reset_defaults()
    with capture_logs() as logs:
        client.get(path, headers={"x-request-id": "r1"})
    assert [line["log_level"] for line in logs if line["event"] == "request"] == [level]


@pytest.mark.parametrize("settings", ["configured", "default"])
def test_an_unexpected_error_is_logged_without_the_values_of_variables(
    client: httpx.Client, capfd: pytest.CaptureFixture[str], settings: str
) -> None:
    """Whatever renders the logs: to show the values of variables took seconds, and showed what is personal."""
    structlog.reset_defaults()
    with capture_logs() as logs:
        client.get("/fail/bug?secret=whsec_x", headers={"connection": "close", "x-request-id": "r1"})
    (line,) = (each for each in logs if each["log_level"] == "error")
    assert line.keys() == {"event", "request_id", "error", "log_level"}
    assert "in fail" in line["error"]
    assert line["error"].endswith("builtins.ZeroDivisionError")
    if settings == "configured":
        configure_logs("info")
    capfd.readouterr()
    client.get("/fail/bug?secret=whsec_x", headers={"connection": "close"})
    structlog.reset_defaults()
    shown = "".join(capfd.readouterr())
    assert "unexpected error" in shown
    assert "whsec_x" not in shown
    assert "locals" not in shown


def test_openapi_describes_problems(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    answer = document["paths"]["/orders/{order_id}"]["post"]["responses"]["404"]
    assert answer["content"][PROBLEM_MEDIA_TYPE]["schema"]["$ref"] == "#/components/schemas/ProblemDocument"
    assert {"ProblemDocument", "FieldProblem"} <= document["components"]["schemas"].keys()


def test_a_wrong_method_is_told_every_right_one(serving: Callable[[FastAPI], httpx.Client]) -> None:
    """Of all routes of the address, also those of routers; HEAD goes wherever GET does."""
    app = application()
    router = APIRouter()
    router.add_api_route("/orders", list, methods=["GET"])
    router.add_api_route("/orders/{order_id}", lambda order_id: order_id, methods=["GET"])
    app.include_router(router)
    client = serving(app)
    answer = client.put("/orders/1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert client.delete("/orders").headers["allow"] == "GET, HEAD"


def test_head_is_get_without_the_body(serving: Callable[[FastAPI], httpx.Client]) -> None:
    client = serving(application())
    got, headed = client.get("/healthz"), client.head("/healthz")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert client.head("/orders/1").status_code == 405


def test_the_document_has_the_errors_that_bodies_and_parameters_lead_to() -> None:
    app = application()

    @app.put("/orders/{order_id}/note")
    def put(order: Order, version: Annotated[str | None, Header(alias="if-match")] = None) -> None:
        """Nothing is said of errors here."""

    paths = app.openapi()["paths"]
    assert {"400", "412", "413"} <= set(paths["/orders/{order_id}/note"]["put"]["responses"])
    assert PROBLEM_MEDIA_TYPE in paths["/orders/{order_id}/note"]["put"]["responses"]["422"]["content"]
    assert "412" not in paths["/orders/{order_id}"]["post"]["responses"]
