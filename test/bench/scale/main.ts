import { parseArgs } from "node:util";
import { churn } from "./churn.ts";
import { type ScaleCluster, startScaleCluster } from "./cluster.ts";
import { untilReady, untilSchedulable } from "./workloads.ts";

// `npm run bench scale -- [--nodes 5000] [--pods 150000] [--churn 100] [--seconds 60] [--deployments 600]`: the whole control plane
// with simulated nodes. Fills it by Deployments of 500 pods, then makes and removes pods, then (on a new one, of 100 nodes) Deployments
// of 5 pods. Prints one JSON object; how far it is goes to standard error.
const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "5000" },
    pods: { type: "string", default: "150000" },
    churn: { type: "string", default: "100" },
    seconds: { type: "string", default: "60" },
    deployments: { type: "string", default: "600" },
  },
});
const number = (name: keyof typeof values): number => Number(values[name]);
const REPLICAS = 500;

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const rounded = (value: number): number => Math.round(value * 10) / 10;

async function measured<T>(cluster: ScaleCluster, work: () => Promise<T>) {
  const before = cluster.cpuSeconds();
  const result = await work();
  const after = cluster.cpuSeconds();
  const cpu = { all: rounded(after.all - before.all), main: rounded(after.main - before.main) };
  return { result, cpuSeconds: cpu, ...cluster.memory() };
}

const report: Record<string, unknown> = {};

async function on(nodes: number, work: (cluster: ScaleCluster) => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  const cluster = await startScaleCluster(nodes);
  await untilSchedulable(cluster.client);
  tell(`${nodes} nodes after ${rounded((performance.now() - startedMs) / 1000)} s`);
  try {
    await work(cluster);
  } finally {
    await cluster.close();
  }
}

if (number("pods") > 0)
  await on(number("nodes"), async (cluster) => {
    const count = Math.ceil(number("pods") / REPLICAS);
    const fill = await measured(cluster, () =>
      untilReady(cluster.client, { prefix: "fill", count, replicas: REPLICAS }, (ready, seconds) =>
        tell(`${ready} ready after ${rounded(seconds)} s, ${cluster.memory().nowMiB} MiB`),
      ),
    );
    const { result: seconds, ...more } = fill;
    report.fill = { nodes: number("nodes"), pods: count * REPLICAS, seconds: rounded(seconds), ...more };
    if (number("churn") > 0) {
      const asked = { perSecond: number("churn"), seconds: number("seconds") };
      const { result, ...rest } = await measured(cluster, () => churn(cluster.client, asked));
      report.churn = { ...result, ...rest };
    }
  });
if (number("deployments") > 0)
  await on(100, async (cluster) => {
    const asked = { prefix: "small", count: number("deployments"), replicas: 5 };
    const { result: seconds, ...more } = await measured(cluster, () =>
      untilReady(cluster.client, asked, () => {}),
    );
    report.deployments = { count: asked.count, replicas: 5, seconds: rounded(seconds), ...more };
  });
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
