import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { createHttpsClient, type KubeClient } from "../../../src/kube/client/index.ts";
import { startPlatform, type TestPlatform } from "../../support/platform.ts";
import { cpuTimeOf } from "../process-cpu.ts";

/** A control plane of its own with simulated nodes only, and its administrator. */
export interface ScaleCluster {
  /** Of the program. */
  pid: number;
  client: KubeClient;
  /** Seconds of the processor that the program has taken so far: all threads, and the main one. */
  cpuSeconds(): { all: number; main: number };
  memory(): { nowMiB: number; mostMiB: number };
  /** What the API server tells of itself. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export async function startScaleCluster(nodes: number): Promise<ScaleCluster> {
  const components = ["--components", "apiserver,controllers,scheduler"];
  const extra = [...components, "--simulated-nodes", String(nodes)];
  const platform = await startPlatform({ extra });
  const { pid } = platform.status;
  const client = administratorOf(platform);
  return {
    pid,
    client,
    cpuSeconds: () => {
      const { all, main } = cpuTimeOf(pid);
      return { all: all / 1e6, main: main / 1e6 };
    },
    memory: () => ({ nowMiB: statusField(pid, "VmRSS"), mostMiB: statusField(pid, "VmHWM") }),
    metrics: async () => (await platform.kubectl("get", "--raw", "/metrics")).stdout,
    close: async () => {
      client.close();
      await platform.reset();
    },
  };
}

function administratorOf({ home }: TestPlatform) {
  // biome-ignore lint/suspicious/noExplicitAny: a kubeconfig
  const config = load(readFileSync(join(home, "kubeconfig"), "utf8")) as any;
  const text = (data: string): string => Buffer.from(data, "base64").toString("utf8");
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  const { "client-certificate-data": cert, "client-key-data": key } = config.users[0].user;
  return createHttpsClient({ server, ca: text(ca), cert: text(cert), key: text(key), userAgent: "bench" });
}

function statusField(pid: number, name: string): number {
  const line = readFileSync(`/proc/${pid}/status`, "latin1").match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}
