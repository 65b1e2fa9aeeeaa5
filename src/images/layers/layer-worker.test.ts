import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readAll } from "../../base/index.ts";
import { DEFAULT_IMAGE_LIMITS } from "../image-limits.ts";
import { packTreeStream, unpackBlob } from "./layer-worker.ts";

const MIB = 2 ** 20;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-worker-"));
  mkdirSync(join(dir, "tree"));
  for (let file = 0; file < 30; file++) writeFileSync(join(dir, "tree", `file${file}`), Buffer.alloc(MIB));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Files of the test that some thread has open. */
const open = () =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(dir) ? [path] : [];
    } catch {
      return [];
    }
  });

it("leaves nothing open, whether it ends well, badly or early", async () => {
  const archive = await readAll(packTreeStream(join(dir, "tree"), 30 * MIB), 100 * MIB);
  const blob = join(dir, "blob");
  writeFileSync(blob, archive);
  mkdirSync(join(dir, "good"));
  await unpackBlob(blob, join(dir, "good"), DEFAULT_IMAGE_LIMITS, () => {});
  expect(open()).toEqual([]);

  writeFileSync(blob, archive.subarray(0, archive.length / 2));
  mkdirSync(join(dir, "bad"));
  await expect(unpackBlob(blob, join(dir, "bad"), DEFAULT_IMAGE_LIMITS, () => {})).rejects.toThrow();
  expect(open()).toEqual([]);

  const early = packTreeStream(join(dir, "tree"), 30 * MIB);
  for await (const _ of early) break;
  while (!early.closed) await new Promise((resolve) => early.once("close", resolve));
  expect(open()).toEqual([]);
});
