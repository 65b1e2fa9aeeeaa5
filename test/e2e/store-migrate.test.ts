import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { type EtcdProcess, hasEtcd, startEtcd } from "../../src/store/etcd/etcd-process.test-support.ts";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, Kube, shellPod } from "../support/kube.ts";
import { gantryBinary, startPlatform, type TestPlatform } from "../support/platform.ts";
import { run } from "../support/run.ts";

/** Answers with its pod's name, and ends when it is told to. */
const SERVE = `mkdir -p /www; hostname > /www/index.html; httpd -p 8080 -h /www
  trap 'exit 0' TERM; while :; do sleep 0.2; done`;

const deployment = (name: string, replicas: number): Json => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: shellPod(name, SERVE).spec },
  },
});

const service = (name: string): Json => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
});

const revisionOf = (object: Json) => Number(object.metadata.resourceVersion);

describe.skipIf(!hasEtcd)("gantry store migrate (needs etcd-server)", () => {
  let platform: TestPlatform;
  let kube: Kube;
  let etcd: EtcdProcess;
  let address: string;
  /** Of the state before the first migration. */
  let listed: number;

  beforeAll(async () => {
    [platform, etcd] = await Promise.all([startPlatform(), startEtcd()]);
    address = `etcd://${etcd.endpoint}/declared/`;
    makeBaseImages(["busybox"], platform.env);
    kube = new Kube(platform);
  });
  afterAll(async () => {
    await platform?.reset();
    await etcd?.dispose();
  });

  const migrate = (to: string, ...more: string[]) => platform.gantry("store", "migrate", "--to", to, ...more);

  async function expectMigrated(to: string): Promise<string> {
    const { code, stdout, stderr } = await migrate(to);
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(platform.home, "config.yaml"), "utf8")).toContain(`store: ${to}`);
    return stdout;
  }

  const podsOf = async (name: string): Promise<Json[]> => {
    const { items } = await kube.get(`pods?labelSelector=app=${name}`);
    return items.filter((pod: Json) => !pod.metadata.deletionTimestamp);
  };

  const untilReady = (name: string, replicas: number) =>
    eventually(`${replicas} ready replicas of ${name}`, async () => {
      const { status, metadata } = await kube.get(`apps/v1 deployments/${name}`);
      return status.readyReplicas === replicas && status.observedGeneration === metadata.generation;
    });

  async function answersThroughService(name: string): Promise<void> {
    const { spec } = await kube.get(`services/${name}`);
    await eventually(`service ${name} answers`, async () => {
      const { code, stdout } = await run("curl", ["-s", "-m", "2", `http://${spec.clusterIP}/`]);
      return code === 0 && stdout.startsWith(`${name}-`);
    });
  }

  const watchFrom = (revision: number) =>
    kube.api(kube.path(`configmaps?watch=1&timeoutSeconds=1&resourceVersion=${revision}`));

  it("moves a stopped instance's state to etcd; containers go on, and everything is there", async () => {
    await kube.apply([configMap("kept", { a: "1" }), deployment("web", 2), service("web")]);
    await untilReady("web", 2);
    await answersThroughService("web");
    const before = await podsOf("web");
    const kept = await kube.get("configmaps/kept");
    const running = await migrate(address);
    expect(running).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^gantry: a platform runs on .* - /),
    });

    listed = revisionOf(await kube.get("configmaps"));
    const down = await platform.gantry("down", "--keep-containers");
    expect(down.code, down.stderr).toBe(0);
    const text = await expectMigrated(address);
    expect(text).toMatch(
      /^Moved \d+ keys; the store goes on from revision \d+, .*config\.yaml names its new place\.\n/,
    );
    expect(text).toContain(`to remove them: rm -r '${platform.home}/store'`);
    await platform.up();

    const moved = await kube.get("configmaps/kept");
    expect(moved.data).toEqual(kept.data);
    expect(moved.metadata.uid).toBe(kept.metadata.uid);
    const ids = (pods: Json[]) =>
      pods
        .map(({ metadata, status }) => [metadata.uid, status.containerStatuses[0].containerID].join(" "))
        .sort();
    await untilReady("web", 2);
    expect(ids(await podsOf("web"))).toEqual(ids(before));
    await answersThroughService("web");
  });

  it("gives out only higher resource versions, and tells watchers of old ones that they are gone", async () => {
    for (const revision of [listed, revisionOf(await kube.get("configmaps/kept")) - 1, 5]) {
      const { text } = await watchFrom(revision);
      expect(text, `from ${revision}`).toContain('"code":410');
    }
    const now = revisionOf(await kube.get("configmaps"));
    expect(now).toBeGreaterThan(listed);
    await kube.apply(configMap("new", { b: "2" }));
    expect(revisionOf(await kube.get("configmaps/new"))).toBeGreaterThan(now);
    const { status, text } = await watchFrom(now);
    expect(status).toBe(200);
    expect(text).toContain('"name":"new"');
    await kube.must("scale", "deployment", "web", "--replicas=3");
    await untilReady("web", 3);
  });

  it("moves it back, with every resource version as it was", async () => {
    const names = ["configmaps/kept", "configmaps/new", "services/web", "serviceaccounts/default"];
    const down = await platform.gantry("down");
    expect(down.code, down.stderr).toBe(0);
    // What it is while nothing runs: nodes and pods are written to at each start.
    const stats = async () => JSON.parse((await platform.gantry("store", "stats", "--json")).stdout);
    const before = await stats();
    const exported = async () => {
      const { stdout } = await platform.gantry("store", "export");
      return stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    };
    const keys = await exported();
    const text = await expectMigrated("embedded");
    expect(text).toContain("The store that was there before is in ");
    expect(text).toContain("to remove them: etcdctl del --prefix '/declared/'");
    expect(await exported()).toEqual(keys);
    expect(await stats()).toMatchObject({ revision: before.revision, compactRevision: before.revision });
    await platform.up();
    for (const name of names) {
      const key = keys.find((one) => one.key.endsWith(`${name.split("/")[0]}/default/${name.split("/")[1]}`));
      expect(String(key?.modRevision), name).toBe((await kube.get(name)).metadata.resourceVersion);
    }
    await untilReady("web", 3);
    await answersThroughService("web");
  });

  it("refuses what cannot be, and says what to do", async () => {
    await platform.gantry("down", "--keep-containers");
    const cases: [args: string[], code: number, message: RegExp][] = [
      [[], 2, /--to is missing - usage: gantry store .*migrate --to/],
      [["--to", "nonsense"], 1, /the address of the store is wrong.* - Write etcd/],
      [["--to", "etcd://h/p?ca=relative.pem"], 1, /name files by absolute paths/],
      [["--to", "embedded"], 1, /the store is in .*\/store.* already - /],
      [
        ["--to", address],
        1,
        /there is a store in etcd under "\/declared\/" already: \d+ keys - .*etcdctl del --prefix/,
      ],
      [["--to", address, "--home", join(platform.home, "none")], 1, /there is no instance in .* - .*--home/],
    ];
    for (const [args, code, message] of cases) {
      const result = await platform.gantry("store", "migrate", ...args);
      expect(result.stderr, args.join(" ")).toMatch(message);
      expect(result.stderr).toMatch(/^gantry: [^\n]*\n$/);
      expect(result.code, args.join(" ")).toBe(code);
    }
  });

  it("is run again after a kill; until then nobody uses what is half there", async () => {
    const half = `etcd://${etcd.endpoint}/half/`;
    const env = { ...platform.env, GANTRY_FAILPOINTS: "store-migration-write=kill" };
    await run(gantryBinary, ["store", "migrate", "--to", half], { env });
    const home = mkdtempSync(join(tmpdir(), "gantry-half-"));
    const args = ["--home", home, "--api-port", "0", "--registry-port", "0", "--store", half];
    const up = await run(gantryBinary, ["up", ...args]);
    expect(up.stderr).toMatch(
      /gantry: the store in etcd under "\/half\/" is not whole.* - Run the same 'gantry store migrate' again/,
    );
    expect(up.code).toBe(1);
    await run(gantryBinary, ["reset", "--home", home]);
    rmSync(home, { recursive: true, force: true });
    await expectMigrated(half);
    await platform.up();
    expect((await kube.get("configmaps/new")).data).toEqual({ b: "2" });
  });
});
