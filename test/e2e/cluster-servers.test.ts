import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, podOf, shell } from "../support/kube.ts";
import { type Machine, Machines } from "../support/machines.ts";
import { freePort } from "../support/platform.ts";

const ETCD = "/usr/bin/etcd";

/** Two control planes with nodes over one etcd, plain routes, and a node that was told of one of them. */
describe.skipIf(!existsSync(ETCD))("several servers", () => {
  const machines = new Machines();
  let etcd: ChildProcess;
  let dir: string;
  let one: Machine;
  let two: Machine;
  let node: Machine;

  /** Wherever the scheduler is. */
  const onNode = { nodeSelector: { "kubernetes.io/hostname": "node" } };

  const get = async (server: Machine, what: string): Promise<Json> =>
    JSON.parse(await server.mustKubectl("get", ...what.split(" "), "-o", "json"));
  const endpointsOf = async (server: Machine): Promise<string[]> =>
    (await get(server, "endpointslice kubernetes")).endpoints.flatMap(({ addresses }: Json) => addresses);
  const leaderOf = async (server: Machine): Promise<string> =>
    (await get(server, "-n kube-system lease kube-scheduler")).spec.holderIdentity.split("_")[0];

  beforeAll(async () => {
    await machines.open();
    dir = mkdtempSync(join(tmpdir(), "gantry-etcd-"));
    const [client, peer] = [await freePort(), await freePort()];
    const url = `http://${machines.hub}:${client}`;
    etcd = spawn(
      "nsenter",
      [
        `--net=/run/netns/${machines.hubNetns}`,
        ETCD,
        `--data-dir=${dir}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
        `--initial-cluster=default=http://127.0.0.1:${peer}`,
        "--log-level=error",
      ],
      { stdio: "ignore" },
    );
    one = await machines.add("one");
    two = await machines.add("two");
    node = await machines.add("node");
    const store = `etcd://${machines.hub}:${client}/cluster`;
    await one.start("up", "--store", store, "--network-backend", "host-gw");
    await two.start("up", "--store", store);
    await node.join(one);
    for (const machine of [one, node]) machine.makeImages();
  });
  afterAll(async () => {
    await machines.close();
    etcd?.kill("SIGKILL");
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  it("are one cluster: one authority, one range, and both are the API's endpoints", async () => {
    const ca = (machine: Machine) => readFileSync(join(machine.home, "pki", "ca.crt"), "utf8");
    expect(ca(two)).toBe(ca(one));
    await eventually("both are endpoints", async () => (await endpointsOf(two)).length === 2);
    expect((await endpointsOf(two)).sort()).toEqual([one.ip, two.ip].sort());
    await one.mustKubectl("create", "configmap", "seen");
    expect((await get(two, "configmap seen")).metadata.name).toBe("seen");
  });

  it("have one that schedules, and commands reach the node through either", async () => {
    expect(["one", "two"]).toContain(await leaderOf(two));
    const pod = podOf("echo", [{ name: "main", ...shell("echo started; sleep 1000") }], onNode);
    await two.run("kubectl", ["apply", "-f", "-"], { input: JSON.stringify(pod) });
    await one.mustKubectl("wait", "--for=condition=Ready", "pod/echo", "--timeout=20s");
    for (const server of [one, two]) expect(await server.mustKubectl("logs", "echo")).toBe("started\n");
  });

  it("and nodes reach each other's pods by plain routes", async () => {
    const answer = "while true; do echo served | nc -l -p 80 >/dev/null; done";
    const pods = [one, node].map(({ name }) =>
      podOf(`on-${name}`, [{ name: "main", ...shell(answer) }], { nodeName: name }),
    );
    await one.run("kubectl", ["apply", "-f", "-"], {
      input: pods.map((pod) => JSON.stringify(pod)).join("\n---\n"),
    });
    await one.mustKubectl("wait", "--for=condition=Ready", "pod/on-one", "pod/on-node", "--timeout=20s");
    for (const [from, to] of [
      ["on-one", "on-node"],
      ["on-node", "on-one"],
    ] as const) {
      const { podIP } = (await get(one, `pod ${to}`)).status;
      const ask = `sleep 1 | nc -w 3 ${podIP} 80`;
      expect((await one.kubectl("exec", from, "--", "sh", "-c", ask)).stdout).toBe("served\n");
    }
    expect((await node.run("ip", ["-br", "link"])).stdout).not.toContain("vxlan");
  });

  it("stand in for each other: the node goes on with the one that is left, which takes the work over", async () => {
    await eventually("the node has learned of both", () =>
      readFileSync(join(node.home, "config.yaml"), "utf8").includes(`https://${two.ip}:6443`),
    );
    if ((await leaderOf(two)) !== "one") {
      await two.kill();
      await eventually("one leads", async () => (await leaderOf(one)) === "one");
      await two.start("up");
    }
    await one.kill();
    const startedAt = performance.now();
    const pod = podOf("late", [{ name: "main", ...shell("sleep 1000") }], onNode);
    expect((await two.run("kubectl", ["apply", "-f", "-"], { input: JSON.stringify(pod) })).code).toBe(0);
    await two.mustKubectl("wait", "--for=condition=Ready", "pod/late", "--timeout=60s");
    expect(performance.now() - startedAt).toBeLessThan(40_000);
    expect(await leaderOf(two)).toBe("two");
    await eventually(
      "the dead one is no endpoint",
      async () => (await endpointsOf(two)).join() === two.ip,
      40_000,
    );
    expect((await node.status()).api).toBe(`https://${two.ip}:6443`);
    await one.start("up");
    await eventually("it is back", async () => (await endpointsOf(one)).length === 2);
    expect(await leaderOf(one)).toBe("two");
  });

  it("hand over at once where one is stopped", async () => {
    await two.mustGantry("down");
    await eventually("one leads", async () => (await leaderOf(one)) === "one", 6000);
    expect(await endpointsOf(one)).toEqual([one.ip]);
  });
});
