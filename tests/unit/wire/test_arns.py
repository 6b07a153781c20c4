"""Names of tables and indexes as resources."""

import pytest

from tenantable.wire.arns import Home, table_name_of
from tenantable.wire.errors import DynamoError


def test_an_index_hangs_on_its_table() -> None:
    home = Home(account_id="123456789012", region="eu-west-1")
    assert home.index("orders", "by-date") == "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/by-date"


@pytest.mark.parametrize("given", ["orders", Home().table("orders"), Home().index("orders", "by-date")])
def test_a_table_is_named_by_name_or_arn(given: str) -> None:
    assert table_name_of(given) == "orders"


def test_an_arn_of_another_service_is_refused() -> None:
    with pytest.raises(DynamoError, match="Invalid table ARN"):
        table_name_of("arn:aws:s3:::bucket")
