import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

const CONFIGURATION = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy: {type: MostAllocated}
  plugins:
    score:
      disabled: [{name: "*"}]
      enabled: [{name: NodeResourcesFit}]
`;

const JOB = `
apiVersion: batch/v1
kind: Job
metadata: {name: batch}
spec:
  completions: 20
  parallelism: 10
  template:
    metadata:
      annotations: {simulated-nodes.gantry.dev/runs-for: 200ms}
    spec:
      restartPolicy: Never
      containers: [{name: c, image: none}]
`;

const packed = (index: number) => `
apiVersion: v1
kind: Pod
metadata: {name: packed-${index}, labels: {app: packed}}
spec:
  schedulerName: packing
  containers: [{name: c, image: none, resources: {requests: {cpu: "2"}}}]
---
`;

describe("fifty simulated nodes", () => {
  let platform: TestPlatform;
  const files = mkdtempSync(join(tmpdir(), "gantry-files-"));
  const components = ["--components", "apiserver,controllers,scheduler"];
  beforeAll(async () => {
    const file = join(files, "scheduler.yaml");
    writeFileSync(file, CONFIGURATION);
    platform = await startPlatform({
      extra: [...components, "--simulated-nodes", "50", "--scheduler-config", file],
    });
  });
  afterAll(async () => {
    await platform?.reset();
    rmSync(files, { recursive: true, force: true });
  });
  const kubectl = async (...args: string[]): Promise<string> => {
    const result = await platform.kubectl(...args);
    expect(result.stderr).toBe("");
    return result.stdout;
  };
  const apply = (text: string): Promise<string> => {
    const file = join(files, "applied.yaml");
    writeFileSync(file, text);
    return kubectl("apply", "-f", file);
  };

  it("are Ready for kubectl", async () => {
    const lines = (await kubectl("get", "nodes", "--no-headers", "-l", "type=simulated")).trim().split("\n");
    expect(lines).toHaveLength(50);
    for (const line of lines) expect(line).toMatch(/^simulated-\d+ +Ready +<none> +\d+s +v1\.33\.0$/);
    expect(await kubectl("describe", "node", "simulated-7")).toMatch(/Taints: +<none>/);
  });

  it("run a Deployment's pods, spread over them, and roll it out anew", async () => {
    await kubectl("create", "deployment", "web", "--image=none", "--replicas=100");
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    const format = 'jsonpath={range .items[*]}{.spec.nodeName} {.status.podIP}{"\\n"}{end}';
    const lines = (await kubectl("get", "pods", "-l", "app=web", "-o", format)).trim().split("\n");
    const [hosts, addresses] = [0, 1].map((place) => new Set(lines.map((line) => line.split(" ")[place])));
    expect([lines.length, hosts!.size, addresses!.size]).toEqual([100, 50, 100]);
    await kubectl("set", "image", "deployment/web", "none=other");
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    await kubectl("delete", "deployment", "web");
    await eventually("the pods are gone", async () => {
      const { stderr } = await platform.kubectl("get", "pods", "-l", "app=web");
      return /No resources/.test(stderr);
    });
  });

  it("let a Job's pods end when it is time", async () => {
    await apply(JOB);
    await kubectl("wait", "--for=condition=Complete", "job/batch", "--timeout=60s");
    expect(await kubectl("get", "job", "batch", "-o", "jsonpath={.status.succeeded}")).toBe("20");
  });

  it("are filled one after the other by the profile that packs", async () => {
    await apply(Array.from({ length: 10 }, (_, index) => packed(index)).join(""));
    await kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=packed", "--timeout=60s");
    const format = "jsonpath={.items[*].spec.nodeName}";
    const hosts = (await kubectl("get", "pods", "-l", "app=packed", "-o", format)).split(" ");
    expect(new Set(hosts).size).toBe(1);
    const metrics = await kubectl("get", "--raw", "/metrics");
    expect(metrics).toContain('scheduler_schedule_attempts_total{profile="packing",result="scheduled"} 10');
  });

  it("are drained as others", async () => {
    const [host] = (
      await kubectl("get", "pods", "-l", "app=packed", "-o", "jsonpath={.items[0].spec.nodeName}")
    ).split(" ");
    await kubectl("cordon", host!);
    const drained = await platform.kubectl("drain", host!, "--force", "--timeout=60s");
    expect([drained.code, drained.stdout]).toEqual([0, expect.stringContaining(`node/${host} drained`)]);
  });

  it("are refused where the scheduler's configuration is none", async () => {
    const file = join(files, "bad.yaml");
    writeFileSync(file, CONFIGURATION.replace("MostAllocated", "Best"));
    const { code, stderr } = await platform.gantry(
      "up",
      "--home",
      join(files, "home"),
      "--scheduler-config",
      file,
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      'profiles[1].pluginConfig[0].args.scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
    );
  });
});
