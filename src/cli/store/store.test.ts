import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { openLmdbStore } from "../../store/index.ts";
import { store } from "./index.ts";

let home: string;
let printed: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "gantry-cli-store-"));
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation(((text: string, done?: () => void) => {
    printed += text;
    done?.();
    return true;
  }) as typeof process.stdout.write);
  const opened = await openLmdbStore({ dir: join(home, "store"), logger: silentLogger, keepHistoryMs: 0 });
  for (let n = 0; n < 200; n++) {
    const operation = { type: "put" as const, key: `k${n % 4}`, value: Buffer.alloc(2000, String(n)) };
    await opened.transact({ success: [operation] });
  }
  await opened.close();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(home, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  printed = "";
  const code = await store([...args, "--home", home]);
  return { code, text: printed };
}

describe("gantry store", () => {
  it("checks, compacts, defragments and tells figures", async () => {
    expect(await run("check")).toEqual({ code: 0, text: "The store is sound.\n" });
    expect(JSON.parse((await run("stats", "--json")).text)).toMatchObject({
      revision: 201,
      keyCount: 4,
      compactRevision: 0,
    });
    const before = JSON.parse((await run("compact", "--json")).text);
    expect(before).toMatchObject({ revision: 201, compactRevision: 201 });
    expect(before.sizeInUseBytes).toBeLessThan(before.sizeBytes / 3);
    const after = JSON.parse((await run("defrag", "--json")).text);
    expect(after.sizeBytes).toBeLessThan(before.sizeBytes / 3);
    expect((await run("stats")).text).toMatch(
      /^Revision: +201\nCompacted to: +201\nKeys: +4\n(?:.*\n)*Fragmentation: +\d+ %\n$/,
    );
    expect((await run("check")).code).toBe(0);
    expect((await readdir(join(home, "store"))).sort()).toEqual(["data.mdb", "lock", "lock.mdb", "written"]);
  });

  it("restores a snapshot, and exports what is there", async () => {
    const file = join(home, "snapshot");
    expect((await run("snapshot", file)).text).toContain(`${file}: revision 201`);
    const opened = await openLmdbStore({ dir: join(home, "store"), logger: silentLogger, keepHistoryMs: 0 });
    await opened.transact({ success: [{ type: "deletePrefix", prefix: "" }] });
    await opened.close();
    expect((await run("export")).text).toBe("");
    const restored = await run("restore", file);
    expect(restored.text).toContain("The store as it was before is in");
    // Watchers must not take what they know for what is there now.
    expect(Number(/Revision: +(\d+)/.exec(restored.text)?.[1])).toBeGreaterThan(1_000_000_000);
    const lines = (await run("export", "--prefix", "k")).text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).key)).toEqual(["k0", "k1", "k2", "k3"]);
    expect(JSON.parse(lines[3]!)).toMatchObject({ modRevision: 201, version: 50 });
  });

  it("restores with the snapshot's own revisions where nobody watches", async () => {
    const file = join(home, "snapshot");
    await run("snapshot", file);
    const { text } = await run("restore", file, "--keep-revision", "--json");
    expect(JSON.parse(text)).toMatchObject({ revision: 201, compactRevision: 0 });
  });

  it("refuses what it cannot do", async () => {
    await expect(run("nonsense")).rejects.toMatchObject({ code: "Cli.Usage" });
    await expect(run("snapshot")).rejects.toMatchObject({ code: "Cli.Usage" });
    await expect(run("check", "--prefix", "k")).rejects.toMatchObject({ code: "Cli.Usage" });
    await expect(run("restore", join(home, "absent"))).rejects.toMatchObject({ code: "Store.NoSnapshot" });
    await expect(store(["stats", "--home", join(home, "elsewhere")])).rejects.toMatchObject({
      kind: "NotFound",
    });
    const opened = await openLmdbStore({ dir: join(home, "store"), logger: silentLogger, keepHistoryMs: 0 });
    await expect(run("check")).rejects.toMatchObject({ code: "Store.Locked" });
    await opened.close();
  });
});
