"""If-Match as RFC 9110 has it."""

import pytest

from tenantable.web.etags import IfMatchMalformed, PreconditionFailed, check_if_match, etag


@pytest.mark.parametrize("header", [None, "*", " * ", '"3"', '"1", "3"', '"3","9"', ' "x" , "3" ', 'W/"3", "3"'])
def test_matches(header: str | None) -> None:
    check_if_match(header, 3)


@pytest.mark.parametrize("header", ['"2"', 'W/"3"', '"33"', '""', '"1", "2"'])
def test_does_not_match(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_if_match(header, 3)


@pytest.mark.parametrize("header", ["*", '"1"'])
def test_nothing_matches_what_is_not_there(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_if_match(header, 0)


@pytest.mark.parametrize("header", ["3", "'3'", '"3', '"3" "3"', 'w/"3"', "**", '"a\tb"'])
def test_malformed(header: str) -> None:
    with pytest.raises(IfMatchMalformed):
        check_if_match(header, 3)


def test_a_tag_matches_itself() -> None:
    check_if_match(etag(7), 7)
