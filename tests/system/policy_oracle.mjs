// Answers, a line for a line, what a policy simulator decides: {id, sim} in, {id, result, ignored} out.
// Its first argument is the folder below which the simulator is installed.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { runSimulation } = createRequire(process.argv[2] + "/")("@cloud-copilot/iam-simulate");

for await (const line of createInterface({ input: process.stdin })) {
  const { id, sim } = JSON.parse(line);
  let answer;
  try {
    const found = await runSimulation(sim, {});
    const errors = found.resultType === "error" ? found.errors : undefined;
    answer = { result: found.overallResult ?? null, ignored: found.result?.ignoredContextKeys ?? [], errors };
  } catch (error) {
    answer = { result: null, ignored: [], errors: String(error) };
  }
  process.stdout.write(JSON.stringify({ id, ...answer }) + "\n");
}
