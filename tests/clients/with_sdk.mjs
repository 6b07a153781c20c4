// The JavaScript SDK's own basic flow: a table, documents, pages, a refused condition, a transaction, a stream.
import assert from "node:assert/strict";
import {
  CreateTableCommand, DeleteTableCommand, DynamoDBClient, paginateQuery, waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand }
  from "@aws-sdk/client-dynamodb-streams";
import { BatchWriteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand, UpdateCommand }
  from "@aws-sdk/lib-dynamodb";

const client = new DynamoDBClient({});
const documents = DynamoDBDocumentClient.from(client);
const TableName = "javascript";

const made = await client.send(new CreateTableCommand({
  TableName, BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
}));
await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName });

for (let start = 0; start < 50; start += 25) {
  const puts = Array.from({ length: 25 }, (_, place) => (
    { PutRequest: { Item: { pk: "a", sk: start + place, tags: new Set(["x", "y"]), nested: { steps: [1, "two", null] } } } }));
  await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
}
const numbers = [];
for await (const page of paginateQuery({ client, pageSize: 9 }, {
  TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": { S: "a" } },
})) numbers.push(...page.Items.map((item) => Number(item.sk.N)));
assert.deepEqual(numbers, Array.from({ length: 50 }, (_, number) => number));

const { Item } = await documents.send(new GetCommand({ TableName, Key: { pk: "a", sk: 3 }, ConsistentRead: true }));
assert.deepEqual(Item.nested, { steps: [1, "two", null] });
assert.deepEqual([...Item.tags], ["x", "y"]);
const { Attributes } = await documents.send(new UpdateCommand({
  TableName, Key: { pk: "a", sk: 3 }, UpdateExpression: "SET nested.steps[0] = :n ADD hits :one",
  ExpressionAttributeValues: { ":n": 9, ":one": 1 }, ReturnValues: "ALL_NEW",
}));
assert.deepEqual([Attributes.nested.steps[0], Attributes.hits], [9, 1]);
await assert.rejects(
  documents.send(new PutCommand({ TableName, Item: { pk: "a", sk: 3 }, ConditionExpression: "attribute_not_exists(pk)" })),
  { name: "ConditionalCheckFailedException" });
await assert.rejects(
  documents.send(new TransactWriteCommand({ TransactItems: [
    { Put: { TableName, Item: { pk: "b", sk: 1 } } },
    { ConditionCheck: { TableName, Key: { pk: "a", sk: 99 }, ConditionExpression: "attribute_exists(pk)" } },
  ] })),
  (error) => error.name === "TransactionCanceledException" && error.CancellationReasons[1].Code === "ConditionalCheckFailed");

const streams = new DynamoDBStreamsClient({});
const StreamArn = made.TableDescription.LatestStreamArn;
const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
let records = 0;
for (const { ShardId } of StreamDescription.Shards) {
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }));
  records += (await streams.send(new GetRecordsCommand({ ShardIterator }))).Records.length;
}
assert.equal(records, 51);
await client.send(new DeleteTableCommand({ TableName }));
