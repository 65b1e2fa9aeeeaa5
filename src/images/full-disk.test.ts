import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { mount, unmountTree } from "../kernel/index.ts";
import { archiveOf, openTestHouse, type TestHouse } from "./test-images.test-support.ts";

/** Images on a disk of their own that has 8 MB. */
let dir: string;
let house: TestHouse;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-images-"));
  mount("disk", dir, "tmpfs", 0, "size=8m");
  house = await openTestHouse({ dir });
});
afterEach(() => {
  unmountTree(dir);
  rmSync(dir, { recursive: true });
});

it.each([
  ["the archive", 9],
  ["what a thread unpacks", 5],
])(
  "an import for which there is no space (%s) says so, leaves nothing, and the next one succeeds",
  async (_what, mib) => {
    const large = archiveOf({ file: "x".repeat(mib * 2 ** 20) });
    await expect(house.images.importRootfs(large, { reference: "large" })).rejects.toMatchObject({
      kind: "ResourceExhausted",
      code: "Disk.NoSpace",
      message: expect.stringMatching(/: no space left on device$/),
      hint: expect.stringContaining("docker system prune"),
    });
    for (let time = 0; time < 2; time++) await house.images.collectGarbage();
    expect(await house.images.list()).toEqual([]);
    expect(readdirSync(join(dir, "images/layers"))).toEqual([]);
    await house.images.importRootfs(archiveOf({ file: "x".repeat(2 * 2 ** 20) }), { reference: "small" });
  },
);
