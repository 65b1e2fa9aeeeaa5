import { startPlatform, type TestPlatform } from "../support/platform.ts";
import { type Figures, figuresOf } from "./median.ts";

/** From an empty home to a Ready node and an answered `kubectl get nodes`. Several times, a fresh home each. */
export async function benchStartUp(runs: number): Promise<Figures> {
  const times: number[] = [];
  for (let index = 0; index < runs; index++) {
    const startedAt = performance.now();
    const platform = await startPlatform();
    const nodes = await platform.kubectl("get", "nodes");
    times.push(performance.now() - startedAt);
    await platform.reset();
    if (!/\bReady\b/.test(nodes.stdout))
      throw new Error(`the node is not Ready: ${nodes.stdout}${nodes.stderr}`);
  }
  return figuresOf(times);
}

/** From a kill with `pods` running to the first answer of the API after a new start. */
export async function benchRestart(
  platform: TestPlatform,
  pods: number,
): Promise<{ ms: number; pods: number }> {
  await platform.kubectl(
    "create",
    "deployment",
    "many",
    "--image=busybox",
    `--replicas=${pods}`,
    "--",
    "sleep",
    "1000",
  );
  const rollout = await platform.kubectl("rollout", "status", "deployment/many", "--timeout=150s");
  if (rollout.code !== 0) throw new Error(rollout.stderr);
  await platform.kill();
  const startedAt = performance.now();
  await platform.up();
  const answer = await platform.kubectl("get", "deployment", "many");
  const ms = Math.round(performance.now() - startedAt);
  if (answer.code !== 0) throw new Error(answer.stderr);
  await platform.kubectl("delete", "deployment", "many", "--wait=false");
  return { ms, pods };
}
