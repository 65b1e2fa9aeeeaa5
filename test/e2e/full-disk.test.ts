import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

/** A home on a disk of its own that has 64 MB. */
let home: string;
let platform: TestPlatform;
/** On another disk. */
const archive = join(tmpdir(), `gantry-full-${process.pid}.tar`);
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "gantry-full-"));
  mustSucceed("mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", home);
  platform = await startPlatform({ home });
  makeBaseImages(["busybox"], platform.env);
});
afterAll(async () => {
  const reset = await platform?.gantry("reset");
  expect(reset?.stdout).toContain(`Kept ${home} itself, on which something is mounted.`);
  spawnSync("umount", ["-l", home]);
  rmdirSync(home);
  rmSync(archive, { force: true });
});

function mustSucceed(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
}

const ballast = () => join(home, "ballast");

/** Takes all that is left, to the last byte. */
function fillDisk(): void {
  const fd = openSync(ballast(), "w");
  try {
    for (let size = 2 ** 20; size > 0; ) {
      try {
        if (writeSync(fd, Buffer.alloc(size)) < size) size = Math.floor(size / 2);
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(fd);
  }
}

const ok = async (...args: string[]) => {
  const { code, stdout, stderr } = await platform.docker(...args);
  expect(code, `docker ${args.join(" ")}: ${stderr}`).toBe(0);
  return stdout.trim();
};
const names = async (...more: string[]) =>
  (await ok("ps", "--format", "{{.Names}}", ...more)).split("\n").filter(Boolean).sort();
const run = (name: string, ...more: string[]) =>
  ok("run", "-d", "--name", name, ...more, "busybox", "sleep", "1000");

describe("a full disk", () => {
  it("keeps nobody from stopping and removing", async () => {
    for (const name of ["stopped", "killed", "removed", "pruned", "paused"]) await run(name, "-v", "/data");
    await run("again", "--restart", "always");
    await ok("volume", "create", "data");
    await ok("network", "create", "net");
    await ok("tag", "busybox", "other:tag");
    await ok("stop", "-t", "0", "pruned");
    await ok("pause", "paused");
    await ok("save", "-o", archive, "busybox");
    await ok("run", "-d", "--name", "ends", "busybox", "sh", "-c", "sleep 3; exit 3");
    expect((await platform.kubectl("create", "configmap", "a", "--from-literal=x=y")).code).toBe(0);
    fillDisk();

    const refused = await platform.docker("create", "--name", "new", "busybox");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/Error response from daemon: .*no space left on device: free some disk space/),
    ]);
    const noVolume = await platform.docker("volume", "create", "more");
    expect(noVolume.stderr).toMatch(/no space left on device: free some disk space/);
    const noNetwork = await platform.docker("network", "create", "more");
    expect(noNetwork.stderr).toMatch(/no space left on device: free some disk space/);
    const noImage = await platform.docker("load", "-i", archive);
    expect([noImage.code, noImage.stderr]).toEqual([
      1,
      expect.stringMatching(/no space left on device: free some disk space/),
    ]);

    await ok("stop", "-t", "0", "stopped");
    await ok("kill", "killed");
    await ok("rm", "-f", "removed");
    await ok("unpause", "paused");
    await ok("stop", "-t", "0", "again");
    await ok("network", "rm", "net");
    await ok("volume", "rm", "data");
    await ok("rmi", "other:tag");
    expect((await platform.kubectl("delete", "configmap", "a")).code).toBe(0);
    expect(await ok("wait", "ends")).toBe("3");
    await ok("rm", "ends");
    expect(await names()).toEqual(["paused"]);
    await ok("container", "prune", "-f");
    await ok("volume", "prune", "-af");
    await ok("image", "prune", "-f");
    expect(await names("-a")).toEqual(["paused"]);
    expect((await platform.gantry("status")).code).toBe(0);
    const { pid, escapedErrors } = JSON.parse((await platform.gantry("status", "--json")).stdout);
    expect([pid, escapedErrors]).toEqual([platform.status.pid, 0]);
  });

  it("does not bring back what was removed, after a crash either, and all works when there is space again", async () => {
    // What was removed has made space.
    fillDisk();
    await platform.kill();
    await platform.up();
    expect(await names("-a")).toEqual(["paused"]);
    await ok("stop", "-t", "0", "paused");
    expect(await ok("inspect", "-f", "{{.State.Status}}", "paused")).toBe("exited");
    rmSync(ballast());
    await run("fresh");
    // What could not be saved is saved by and by.
    const saved = () => readFileSync(join(home, "images", "references.json"), "utf8");
    while (saved().includes("other:tag")) await new Promise((resolve) => setTimeout(resolve, 100));
    await ok("rm", "-f", "fresh", "paused");
    expect(readFileSync(join(home, "logs", "gantry.log"), "utf8")).not.toContain("a plain error reached");
  });

  it("that is full of the program's own log does not end the program", async () => {
    fillDisk();
    const { pid } = platform.status;
    for (let count = 0; count < 20; count++) await platform.docker("create", "busybox");
    expect(JSON.parse((await platform.gantry("status", "--json")).stdout).pid).toBe(pid);
    expect((await platform.gantry("down")).code).toBe(0);
    await platform.up();
    rmSync(ballast());
    await ok("run", "--rm", "busybox", "true");
  });
});
