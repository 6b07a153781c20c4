"""PynamoDB's own basic flow: a model with an index and a version, batches, conditions, updates, a transaction."""

import os

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute, VersionAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

HOST = os.environ["AWS_ENDPOINT_URL_DYNAMODB"]


class ByState(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-state"
        projection = AllProjection()
        host = HOST

    state = UnicodeAttribute(hash_key=True)
    total = NumberAttribute(range_key=True)


class Order(Model):
    class Meta:
        table_name = "pynamo-orders"
        host = HOST
        region = "us-east-1"
        billing_mode = "PAY_PER_REQUEST"

    customer = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    state = UnicodeAttribute(default="open")
    total = NumberAttribute(default=0)
    tags = ListAttribute(default=list)
    placed = UTCDateTimeAttribute(null=True)
    version = VersionAttribute()
    by_state = ByState()


Order.create_table(wait=True)
assert Order.exists()
with Order.batch_write() as batch:
    for number in range(60):
        batch.save(Order("acme", number, total=number, state="open" if number % 2 else "paid"))
assert Order.count("acme") == 60
assert [order.number for order in Order.query("acme", Order.number.between(10, 12))] == [10, 11, 12]
assert [order.total for order in Order.by_state.query("paid", limit=3)] == [0, 2, 4]
assert len(list(Order.scan(Order.total > 50))) == 9
assert len(list(Order.batch_get([("acme", 1), ("acme", 2), ("acme", 99)]))) == 2

order = Order("acme", 7, total=7)
order.save()
order.update(actions=[Order.total.add(5), Order.tags.set(["a"]), Order.state.set("paid")])
assert (order.total, order.tags, order.version) == (12, ["a"], 2)
stale = Order("acme", 7, version=1)
try:
    stale.save()
except PutError as refused:
    assert refused.cause_response_code == "ConditionalCheckFailedException"
else:
    raise AssertionError("the stale version must be refused")
try:
    order.update(actions=[Order.total.set(1)], condition=Order.state == "open")
except UpdateError as refused:
    assert refused.cause_response_code == "ConditionalCheckFailedException"
else:
    raise AssertionError("the condition must fail")

with TransactWrite(connection=Connection(host=HOST, region="us-east-1")) as transaction:
    transaction.save(Order("acme", 100, total=1))
    transaction.delete(Order.get("acme", 1))
    transaction.update(Order.get("acme", 2), actions=[Order.total.set(7)])
assert Order.get("acme", 2).total == 7
assert Order.count("acme") == 60
Order.delete_table()
