import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { eventually } from "../support/eventually.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

const PODS = 110;
const LINES = 2_000_000;
const FOLLOWERS = 3;

interface Loop {
  heapMb: number;
  externalMb: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  rssMb: number;
}

export interface EventLoopReport {
  startPods: Loop & { seconds: number };
  removePods: Loop & { seconds: number };
  /** Many lines to followers that hardly read. */
  slowFollowers: Loop;
  before: Loop;
  after: Loop;
  /** Beyond what there was before, a minute after the followers have gone. */
  memoryLeftMb: number;
}

/** How long the program's event loop is held while pods come and go in crowds, and while logs are read slowly. */
export async function benchEventLoop(): Promise<EventLoopReport> {
  const report = join("/tmp", `gantry-loop-${process.pid}.json`);
  process.env.GANTRY_LOOP_REPORT = report;
  const monitor = fileURLToPath(new URL("loop-monitor.mjs", import.meta.url));
  process.env.NODE_OPTIONS = `--import ${monitor}`;
  const platform = await startPlatform();
  delete process.env.NODE_OPTIONS;
  delete platform.env.NODE_OPTIONS;
  try {
    makeBaseImages(["busybox"], platform.env);
    await pause(3_000);
    const look = lookAt(platform, report);
    await look();
    const startPods = await timed(look, () => scale(platform, PODS));
    const removePods = await timed(look, () => scale(platform, 0));
    await pause(10_000);
    const before = await look();
    const slowFollowers = await followSlowly(platform, look);
    await pause(60_000);
    const after = await look();
    return { startPods, removePods, slowFollowers, before, after, memoryLeftMb: after.rssMb - before.rssMb };
  } finally {
    await platform.reset();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the loop was like since the last look. */
function lookAt(platform: TestPlatform, report: string): () => Promise<Loop> {
  let count = 0;
  return async () => {
    count++;
    process.kill(platform.status.pid, "SIGUSR2");
    const facts = await eventually("a report", () => {
      const found = JSON.parse(readFileSync(report, "utf8"));
      return found.count === count ? found : undefined;
    });
    const { p50Ms, p99Ms, maxMs, rss, heapUsed, external } = facts;
    const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
    return { p50Ms, p99Ms, maxMs, rssMb: mb(rss), heapMb: mb(heapUsed), externalMb: mb(external) };
  };
}

async function timed(
  look: () => Promise<Loop>,
  work: () => Promise<void>,
): Promise<Loop & { seconds: number }> {
  const begin = performance.now();
  await work();
  const seconds = Math.round((performance.now() - begin) / 100) / 10;
  return { ...(await look()), seconds };
}

async function scale(platform: TestPlatform, replicas: number): Promise<void> {
  const { kubectl } = platform;
  if ((await kubectl("get", "deployment", "crowd")).code !== 0) {
    const command = ["--image=busybox", "--replicas=0", "--", "sleep", "1000"];
    await kubectl("create", "deployment", "crowd", ...command);
    const patch = {
      spec: {
        template: {
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: "busybox", imagePullPolicy: "IfNotPresent" }],
          },
        },
      },
    };
    await kubectl("patch", "deployment", "crowd", "-p", JSON.stringify(patch));
  }
  await kubectl("scale", "deployment", "crowd", `--replicas=${replicas}`);
  await eventually(
    `${replicas} pods`,
    async () => {
      const pods = (await kubectl("get", "pods", "--no-headers")).stdout.split("\n").filter(Boolean);
      return pods.length === replicas && pods.every((line) => / Running /.test(line));
    },
    180_000,
    1_000,
  );
}

async function followSlowly(platform: TestPlatform, look: () => Promise<Loop>): Promise<Loop> {
  await platform.docker(
    "run",
    "-d",
    "--name",
    "talker",
    "busybox",
    "sh",
    "-c",
    `sleep 1; seq 1 ${LINES}; sleep 1000`,
  );
  await platform.kubectl(
    "run",
    "talker",
    "--image=busybox",
    "--restart=Never",
    "--image-pull-policy=IfNotPresent",
    "--",
    "sh",
    "-c",
    `sleep 1; seq 1 ${LINES}; sleep 1000`,
  );
  await platform.kubectl("wait", "--for=condition=Ready", "pod/talker", "--timeout=30s");
  const commands = [
    "docker logs -f talker",
    "docker attach --sig-proxy=false talker",
    "kubectl logs -f talker",
  ];
  const followers: ChildProcess[] = [];
  for (const command of commands) {
    for (let index = 0; index < FOLLOWERS; index++) {
      const slow = `exec ${command} | { while head -c 20000 > /dev/null; do sleep 0.1; done; }`;
      followers.push(spawn("sh", ["-c", slow], { env: platform.env, stdio: "ignore", detached: true }));
    }
  }
  await pause(20_000);
  const loop = await look();
  for (const { pid } of followers) process.kill(-pid!, "SIGKILL");
  await platform.docker("rm", "-f", "talker");
  await platform.kubectl("delete", "pod", "talker", "--grace-period=0", "--force");
  return loop;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(await benchEventLoop(), null, 2)}\n`);
}
