import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archiveOf, bytesOf, openTestHouse, type TestHouse } from "./test-images.test-support.ts";

let house: TestHouse;
beforeEach(async () => {
  house = await openTestHouse();
});
afterEach(() => house.remove());

/** Everything that an image or snapshot needs is there, and nothing else is left. */
async function assertSound({ images, content, dir }: TestHouse): Promise<void> {
  await images.collectGarbage();
  await images.collectGarbage();
  const needed = new Set<string>();
  for (const image of await images.list()) {
    for (const layer of image.layers) needed.add(layer.slice(7));
    // Reads every layer's archive to its end.
    await bytesOf(images.save([image.id]));
  }
  for (const key of await images.listSnapshots()) {
    for (const lower of (await images.snapshotMount(key)).lowerDirs)
      expect(existsSync(lower), lower).toBe(true);
  }
  const layers = readdirSync(join(dir, "images/layers"));
  expect(layers.filter((name) => name.startsWith("tmp-"))).toEqual([]);
  expect(layers.filter((name) => !needed.has(name) && !isPinned(dir, name))).toEqual([]);
  for await (const { digest } of content.list()) {
    const text = layers
      .map((name) => readFileSync(join(dir, "images/layers", name, "layer.json"), "utf8"))
      .join();
    const records = readdirSync(join(dir, "images/records"))
      .map((name) => readFileSync(join(dir, "images/records", name), "utf8"))
      .join();
    expect(text.includes(digest) || records.includes(digest), `${digest} is needed by nobody`).toBe(true);
  }
}

function isPinned(dir: string, hex: string): boolean {
  const snapshots = join(dir, "images/snapshots");
  return readdirSync(snapshots).some((key) =>
    readFileSync(join(snapshots, key, "snapshot.json"), "utf8").includes(hex),
  );
}

/** A life of one worker: import, build on top, tag over, load, remove, with names and layers shared between workers. */
async function live(house: TestHouse, worker: number, rounds: number): Promise<void> {
  const { images } = house;
  for (let round = 0; round < rounds; round++) {
    const name = `w${(worker + round) % 3}:latest`;
    const base = await images.importRootfs(archiveOf({ shared: `content ${round % 2}` }), {
      reference: name,
    });
    const key = `s-${worker}-${round}`;
    try {
      const mount = await images.prepareSnapshot(key, base.id);
      writeFileSync(join(mount.upperDir!, `f${worker}`), `${round}`);
      const built = await images.commit({
        parentId: base.id,
        snapshotKey: key,
        config: {},
        history: { created_by: key },
        references: [name],
      });
      const archive = await bytesOf(images.save([built.id]));
      const other = await images.load((await import("node:stream")).Readable.from([archive]));
      expect(other[0]!.id).toBe(built.id);
      await images.removeSnapshot(key);
      if (round % 2 === 0) await images.remove(built.id, { force: true });
    } catch (error) {
      // Others remove the same images; that an image is gone or in use is an answer.
      expect((error as { kind?: string }).kind, String(error)).toMatch(/NotFound|Conflict/);
      await images.removeSnapshot(key);
    }
  }
}

describe("garbage collection of images", () => {
  it("never takes what somebody uses, and leaves nothing that nobody uses", async () => {
    let done = false;
    const collecting = (async () => {
      while (!done) await house.images.collectGarbage();
    })();
    try {
      await Promise.all([0, 1, 2, 3].map((worker) => live(house, worker, 8)));
    } finally {
      done = true;
      await collecting;
    }
    await assertSound(house);
    await house.reopen();
    await assertSound(house);
  });
});

const CHILD = `
import { Readable } from "node:stream";
import { writeFileSync } from "node:fs";
import { openTestHouse, archiveOf } from "${join(import.meta.dirname, "test-images.test-support.ts")}";
const { images } = await openTestHouse({ dir: process.argv[2] });
const say = (text) => process.stdout.write(text + "\\n");
for (let round = 0; ; round++) {
  const base = await images.importRootfs(archiveOf({ base: "b" + round }), { reference: "base" + round });
  say("image base" + round + " " + base.id);
  const mount = await images.prepareSnapshot("s" + round, base.id);
  say("snapshot s" + round);
  writeFileSync(mount.upperDir + "/new", "n" + round);
  const app = await images.commit({ parentId: base.id, snapshotKey: "s" + round, config: {}, history: {}, references: ["app" + round] });
  say("image app" + round + " " + app.id);
  if (round > 0) { await images.remove("app" + (round - 1), {}); say("gone app" + (round - 1)); }
}
`;

describe("a killed program", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "gantry-killed-"));
    writeFileSync(join(dir, "child.ts"), CHILD);
    mkdirSync(join(dir, "home"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it.each([
    "content/commit/synced=kill@3",
    "content/commit/published=kill@4",
    "images/layer/before-rename=kill@5",
    "images/layer/before-rename=kill@6",
    "timer",
  ])("has everything that it acknowledged, and nothing half made (%s)", async (failpoint) => {
    const said = await runUntilKilled(failpoint);
    const after = await openTestHouse({ dir: join(dir, "home") });
    const gone = new Set(said.filter(([word]) => word === "gone").map(([, name]) => name));
    for (const [word, name, id] of said) {
      // The last removal may have happened without having been said.
      const isLastApp =
        word === "image" &&
        name!.startsWith("app") &&
        said.at(-1)![0] === "image" &&
        name !== said.at(-1)![1];
      if (word === "image" && !gone.has(name) && !isLastApp)
        expect((await after.images.find(name!))?.id, name).toBe(id);
      if (word === "gone") expect(await after.images.find(name!)).toBeUndefined();
      // A snapshot that was just becoming a layer is used up.
      if (word === "snapshot" && name !== said.at(-1)![1])
        expect(await after.images.listSnapshots()).toContain(name);
    }
    await assertSound(after);
    expect(readdirSync(join(dir, "home/content/ingest")).length).toBeLessThanOrEqual(1);
  });

  async function runUntilKilled(failpoint: string): Promise<string[][]> {
    const child = spawn(
      process.execPath,
      ["--experimental-strip-types", "--no-warnings", join(dir, "child.ts"), join(dir, "home")],
      {
        env: { ...process.env, GANTRY_FAILPOINTS: failpoint === "timer" ? "" : failpoint },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (failpoint === "timer" && output.split("\n").length > 12) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("close", resolve));
    expect(child.signalCode).toBe("SIGKILL");
    return output
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" "));
  }
});
