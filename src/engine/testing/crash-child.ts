import { writeSync } from "node:fs";
import { openTestHome } from "./test-home.ts";

/**
 * The engine in a process of its own, for tests that kill it. Reads commands as lines of JSON, `["run", id, command…]`,
 * and answers each with a line.
 */
const [dir, instanceId] = process.argv.slice(2);
const home = await openTestHome({ dir, instanceId });
await home.engine.reconcile();
writeSync(1, "ready\n");

for await (const chunk of process.stdin) {
  for (const line of String(chunk).split("\n").filter(Boolean)) {
    const [verb, name, ...command] = JSON.parse(line) as [string, string, ...string[]];
    writeSync(1, `${await act(verb, name, command)}\n`);
  }
}

async function act(verb: string, name: string, command: string[]): Promise<string> {
  const { engine } = home;
  switch (verb) {
    case "start": {
      const id = await home.create(command, { name });
      await engine.startContainer(id);
      return id;
    }
    case "wait":
      return String((await engine.waitContainer(name)).exitCode);
    case "remove":
      await engine.removeContainer(name, { force: true });
      return "removed";
    default:
      return `unknown ${verb}`;
  }
}
