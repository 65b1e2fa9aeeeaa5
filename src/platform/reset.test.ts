import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UNREADABLE } from "../base/record-faults.test-support.ts";
import { homeDirectory } from "../cli/home.ts";
import { ensureSharedMount, listMounts, mount, unmountTree } from "../kernel/index.ts";
import { homeLayout } from "./home.ts";
import { resetPlatform, unmountHome } from "./reset.ts";

let dir: string;
let home: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-reset-"));
  home = join(dir, "home");
  mkdirSync(home);
});
afterEach(() => {
  unmountTree(dir);
  rmSync(dir, { recursive: true });
});

const mountsIn = () =>
  listMounts().flatMap(({ mountPoint }) => (mountPoint.startsWith(dir) ? [mountPoint] : []));
const mountDisk = (at: string) => {
  mkdirSync(at, { recursive: true });
  mount("disk", at, "tmpfs", 0, "size=1m");
};
/** As a running platform has it. */
function furnish(): void {
  ensureSharedMount(home);
  mkdirSync(join(home, "volumes", "v", "_data"), { recursive: true });
  writeFileSync(join(home, "volumes", "v", "_data", "file"), "data");
  mountDisk(join(home, "run", "sandboxes", "s", "shm"));
  mountDisk(join(home, "kubelet", "pods", "p", "volumes", "secret"));
}

describe("reset", () => {
  it("removes the home and all that is mounted in it", async () => {
    furnish();
    expect(await resetPlatform(home)).toEqual({ removed: [`the home ${home}`], kept: [] });
    expect([mountsIn(), existsSync(home)]).toEqual([[], false]);
  });

  it("empties a home that is a mount, leaves the mount, and says so", async () => {
    mountDisk(home);
    mkdirSync(join(home, "lost+found"));
    furnish();
    const { removed, kept } = await resetPlatform(home);
    expect(removed).toEqual([`all else in ${home}`]);
    expect(kept).toEqual([`${home} itself, on which something is mounted`]);
    expect([mountsIn(), readdirSync(home)]).toEqual([[home], ["lost+found"]]);
  });

  it("leaves what others have mounted in it, with its content", async () => {
    const disk = join(home, "volumes", "v2", "_data");
    mountDisk(disk);
    writeFileSync(join(disk, "precious"), "data");
    furnish();
    const { kept } = await resetPlatform(home);
    expect(kept).toEqual([`${disk} with all in it, on which something is mounted`]);
    expect(mountsIn()).toEqual([disk]);
    expect([readdirSync(home), readdirSync(disk)]).toEqual([["volumes"], ["precious"]]);
  });

  it("finds the home behind a link", async () => {
    const link = join(dir, "link");
    symlinkSync(home, link);
    furnish();
    expect((await resetPlatform(homeDirectory(link))).removed).toEqual([`the home ${home}`]);
    expect(existsSync(home)).toBe(false);
  });
});

it("the end of the program leaves a home mounted that was before", () => {
  mountDisk(home);
  furnish();
  expect(unmountHome(homeLayout(home))).toEqual([home]);
  expect(mountsIn()).toEqual([home]);
});

it.each(UNREADABLE)(
  "reset removes nothing while nobody knows which instance it is ($name)",
  async ({ strike }) => {
    writeFileSync(join(home, "config.yaml"), "instanceId: abcdef\n");
    const heal = strike(join(home, "config.yaml"));
    await expect(resetPlatform(home)).rejects.toMatchObject({ code: "Record.Unreadable" });
    heal();
    expect(readdirSync(home)).toEqual(["config.yaml"]);
  },
);
