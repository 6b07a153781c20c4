// ElectroDB's own basic flow: an entity with two indexes, queries, filters, patches, a refused create, a transaction.
import assert from "node:assert/strict";
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Entity, Service } from "electrodb";

const client = new DynamoDBClient({});
const table = "electro";
const key = (name) => ({ AttributeName: name, AttributeType: "S" });
const schema = (pk, sk) => [{ AttributeName: pk, KeyType: "HASH" }, { AttributeName: sk, KeyType: "RANGE" }];
await client.send(new CreateTableCommand({
  TableName: table, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map(key),
  KeySchema: schema("pk", "sk"),
  GlobalSecondaryIndexes: [{ IndexName: "gsi1", KeySchema: schema("gsi1pk", "gsi1sk"), Projection: { ProjectionType: "ALL" } }],
}));

const Task = new Entity({
  model: { entity: "task", version: "1", service: "work" },
  attributes: {
    team: { type: "string", required: true }, task: { type: "string", required: true },
    project: { type: "string", required: true }, points: { type: "number", default: 1 },
    status: { type: ["open", "done"], default: "open" }, tags: { type: "set", items: "string" },
  },
  indexes: {
    byTeam: { pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["task"] } },
    byProject: { index: "gsi1", collection: "project", pk: { field: "gsi1pk", composite: ["project"] }, sk: { field: "gsi1sk", composite: ["status", "task"] } },
  },
}, { client, table });
const work = new Service({ task: Task });

await Task.put(Array.from({ length: 30 }, (_, n) => ({ team: "a", task: `t${String(n).padStart(2, "0")}`, project: `p${n % 2}`, points: n }))).go();
await assert.rejects(Task.create({ team: "a", task: "t01", project: "p1" }).go(), /conditional/i);
const all = await Task.query.byTeam({ team: "a" }).go({ pages: "all" });
assert.equal(all.data.length, 30);
const some = await Task.query.byTeam({ team: "a" }).between({ task: "t05" }, { task: "t09" }).go();
assert.deepEqual(some.data.map(({ task }) => task), ["t05", "t06", "t07", "t08", "t09"]);
const large = await Task.query.byProject({ project: "p0" }).where(({ points }, { gte }) => gte(points, 20)).go({ pages: "all" });
assert.equal(large.data.length, 5);
const patched = await Task.patch({ team: "a", task: "t04" }).set({ status: "done", project: "p0" }).add({ points: 10, tags: ["x"] }).go({ response: "all_new" });
assert.deepEqual([patched.data.status, patched.data.points], ["done", 14]);
const done = await Task.query.byProject({ project: "p0", status: "done" }).go();
assert.deepEqual(done.data.map(({ task }) => task), ["t04"]);
const outcome = await work.transaction.write(({ task }) => [
  task.upsert({ team: "b", task: "t1", project: "p9" }).commit(),
  task.delete({ team: "a", task: "t29" }).commit(),
]).go();
assert.equal(outcome.canceled, false);
assert.equal((await work.collections.project({ project: "p9" }).go()).data.task.length, 1);
assert.equal((await Task.scan.go({ pages: "all" })).data.length, 30);
await client.send(new DeleteTableCommand({ TableName: table }));
