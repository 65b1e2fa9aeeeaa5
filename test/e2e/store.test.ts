import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { LmdbTables } from "../../src/store/embedded/lmdb-tables.ts";
import { encodeNumber } from "../../src/store/embedded/record-codec.ts";
import { sealSnapshot } from "../../src/store/operations/snapshot-file.ts";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, Kube, shell } from "../support/kube.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";
import type { RunResult } from "../support/run.ts";

let platform: TestPlatform;
let kube: Kube;
let work: string;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "gantry-store-"));
  platform = await startPlatform();
  makeBaseImages(["busybox"], platform.env);
  kube = new Kube(platform);
});
afterAll(async () => {
  await platform.reset();
  rmSync(work, { recursive: true, force: true });
});

const store = (...args: string[]) => platform.gantry("store", ...args);

async function mustStore(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await store(...args);
  if (code !== 0) throw new Error(`gantry store ${args.join(" ")} exited with ${code}\n${stdout}${stderr}`);
  return stdout;
}

function deployment(replicas: number): Json {
  const labels = { app: "kept" };
  const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: "main", ...shell("sleep 1000") }] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "kept" },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

const untilReadyReplicas = (count: number) =>
  eventually(`${count} pods of the deployment are ready, and no others are there`, async () => {
    const { status } = await kube.get("apps/v1 deployments/kept");
    const pods = (await kube.get("pods?labelSelector=app=kept")).items;
    return status.readyReplicas === count && pods.length === count;
  });

const versionNow = async () => (await kube.get("configmaps")).metadata.resourceVersion as string;

/** The list as it was at a version. */
const listAt = (version: string) =>
  kube.api(`${kube.path("configmaps")}?limit=1000&resourceVersion=${version}&resourceVersionMatch=Exact`);

/** What a watcher that knows a version is told first: an event, or that its version is gone. */
async function watchFrom(version: string): Promise<Json> {
  const answer = await kube.api(
    `${kube.path("configmaps")}?watch=1&timeoutSeconds=1&resourceVersion=${version}`,
  );
  return answer.status === 200 ? JSON.parse(answer.text.split("\n")[0] || "{}") : answer.json;
}

/** Writes an object again and again until told to stop. Each write must succeed, and raise its version. */
function beginWriting(): { end(): Promise<number> } {
  let ended = false;
  const writing = (async () => {
    let writes = 0;
    let before = 0;
    for (; !ended; writes++) {
      const body = configMap("busy", { n: String(writes), filling: "x".repeat(20_000) });
      const answer = await kube.api(kube.path("configmaps/busy"), { method: "PUT", body });
      expect(answer.status, answer.text).toBeLessThan(300);
      const version = Number(answer.json.metadata.resourceVersion);
      expect(version).toBeGreaterThan(before);
      before = version;
    }
    return writes;
  })();
  // A test that fails before does not ask for the outcome.
  writing.catch(() => {});
  return {
    end() {
      ended = true;
      return writing;
    },
  };
}

describe("gantry store", () => {
  it("looks after the store of a running platform while kubectl and others write", async () => {
    await kube.apply([deployment(1), configMap("busy", {}), configMap("kept", { a: "1" })]);
    const writing = beginWriting();
    await untilReadyReplicas(1);
    const before = JSON.parse(await mustStore("stats", "--json"));
    expect(before).toMatchObject({ revision: expect.any(Number), keyCount: expect.any(Number) });
    expect(await mustStore("check")).toBe("The store is sound.\n");

    const version = await versionNow();
    expect((await listAt(version)).status).toBe(200);
    const compacted = JSON.parse(await mustStore("compact", "--json"));
    expect(compacted.compactRevision).toBeGreaterThan(Number(version));
    expect((await listAt(version)).json).toMatchObject({ code: 410, reason: "Expired" });

    const file = join(work, "under load");
    expect(await mustStore("snapshot", file)).toContain(`${file}: revision `);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await mustStore("defrag");
    await kube.apply(configMap("during", { a: "1" }));
    const lines = (await mustStore("export", "--prefix", "/registry/core/configmaps/default/"))
      .trim()
      .split("\n");
    const keys = lines.map((line) => JSON.parse(line).key.split("/").at(-1));
    expect(keys).toEqual(["busy", "during", "kept", "kube-root-ca.crt"]);
    expect(await mustStore("check")).toBe("The store is sound.\n");
    expect(await writing.end()).toBeGreaterThan(20);
    expect((await kube.get("configmaps/kept")).data).toEqual({ a: "1" });
  });

  it("restores what was, and everybody goes on from there", async () => {
    await kube.apply([deployment(1), configMap("kept", { a: "2" })]);
    await untilReadyReplicas(1);
    const file = join(work, "snapshot");
    await mustStore("snapshot", file);
    await kube.must("delete", "configmap", "kept");
    await kube.apply([deployment(2), configMap("later", {})]);
    await untilReadyReplicas(2);
    const known = await versionNow();

    const refused = await store("restore", file);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^gantry: a platform runs on .* - stop it with 'gantry down' first\n$/);
    await platform.gantry("down");
    const restored = await mustStore("restore", file);
    expect(restored).toContain("The store as it was before is in");
    expect(await mustStore("check")).toBe("The store is sound.\n");
    await platform.up();

    kube = new Kube(platform);
    expect((await kube.get("configmaps/kept")).data).toEqual({ a: "2" });
    expect(await kube.has("configmaps/later")).toBe(false);
    await untilReadyReplicas(1);
    // Who watched before must list anew, and nothing has a version that was given before.
    const gone = await watchFrom(known);
    expect(gone.object ?? gone).toMatchObject({ code: 410 });
    expect((await listAt(known)).json).toMatchObject({ code: 410 });
    await kube.apply(deployment(2));
    await untilReadyReplicas(2);
    expect(Number(await versionNow())).toBeGreaterThan(Number(known) + 1_000_000_000);
    expect(await mustStore("check")).toBe("The store is sound.\n");
  });

  it("says in one sentence what it cannot do, and does nothing", async () => {
    const file = join(work, "snapshot");
    const bytes = readFileSync(file);
    const damaged = join(work, "damaged");
    const flipped = Buffer.from(bytes);
    flipped[bytes.length >> 1]! ^= 1;
    writeFileSync(damaged, flipped);
    writeFileSync(join(work, "cut short"), bytes.subarray(0, -1));
    const newer = await newerSnapshot(file);
    const elsewhere = join(work, "elsewhere");
    const expected: [args: string[], code: number, sentence: RegExp][] = [
      [["snapshot", file], 1, /exists already - .*nothing was replaced/],
      [["snapshot", join(work, "absent", "file")], 1, /the directory of .* does not exist/],
      [["snapshot"], 2, /the name of a file is missing - usage: gantry store/],
      [["frobnicate"], 2, /the store has no command "frobnicate" - usage: gantry store/],
      [[], 2, /a command is missing - usage/],
      [["compact", "--revision", "many"], 2, /--revision takes a whole number/],
      [["compact", "--revision", "900000000000000"], 1, /is newer than the current one/],
      [["compact", "--revision", "1"], 1, /is older than the last compaction/],
      [["stats", "--home", elsewhere], 1, /there is no store in .* - .*--home/],
      [["export", "--home", elsewhere], 1, /there is no store in /],
      [["restore", damaged, "--home", elsewhere], 1, /is damaged: its digest is not .* - Use another/],
      [["restore", join(work, "cut short"), "--home", elsewhere], 1, /is no snapshot of a store/],
      [["restore", join(work, "absent"), "--home", elsewhere], 1, /there is no snapshot /],
      [["restore", newer, "--home", elsewhere], 1, /has format 2, and this version reads formats up to 1/],
    ];
    const results = await Promise.all(expected.map(([args]) => store(...args)));
    const told = results.map(({ code, stderr }: RunResult, index) => ({
      args: expected[index]![0],
      code,
      stderr,
    }));
    for (const [index, [args, code, sentence]] of expected.entries()) {
      expect(told[index]).toMatchObject({ args, code, stderr: expect.stringMatching(sentence) });
      expect(told[index]!.stderr).toMatch(/^gantry: [^\n]*\n$/);
    }
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(existsSync(join(elsewhere, "store", "data.mdb"))).toBe(false);
    expect((await platform.gantry("status")).code).toBe(0);
  });
});

/** A snapshot that a version to come has written. */
async function newerSnapshot(snapshot: string): Promise<string> {
  const dir = mkdtempSync(join(work, "newer-"));
  const file = join(dir, "data.mdb");
  copyFileSync(snapshot, file);
  const tables = new LmdbTables(dir);
  await tables.meta.put("format", encodeNumber(2));
  await tables.root.close();
  await sealSnapshot(file);
  return file;
}
