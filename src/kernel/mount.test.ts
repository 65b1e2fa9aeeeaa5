import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  ensureSharedMount,
  listMounts,
  MountFlag,
  mount,
  mountOverlay,
  unmount,
  unmountTree,
  withPrivateMountNamespace,
} from "./index.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-mount-"));
});

afterEach(() => {
  unmountTree(dir);
  rmSync(dir, { recursive: true });
});

function makeDirs(...names: string[]): string[] {
  return names.map((name) => {
    const path = join(dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  });
}

it("mounts an overlay of 200 layers with long names, on the host and in a private namespace", () => {
  const layers = Array.from({ length: 200 }, (_, index) => {
    const [path] = makeDirs(`snapshots/${"layer".repeat(8)}-${index}/fs`);
    writeFileSync(join(path!, `file-${index}`), String(index));
    writeFileSync(join(path!, "top"), String(index));
    return path!;
  });
  const [upperDir, workDir, target] = makeDirs("upper", "work", "merged");
  const cwd = process.cwd();
  mountOverlay({ lowerDirs: layers, upperDir, workDir, target: target! });
  expect(process.cwd()).toBe(cwd);
  expect(readdirSync(target!)).toHaveLength(201);
  expect(readFileSync(join(target!, "top"), "utf8")).toBe("0");
  writeFileSync(join(target!, "new"), "x");
  expect(readdirSync(upperDir!)).toEqual(["new"]);
  unmount(target!);
  const seen = withPrivateMountNamespace(() => {
    mountOverlay({ lowerDirs: layers, upperDir, workDir, target: target! });
    return spawnSync("cat", [join(target!, "file-199"), join(target!, "new")], { encoding: "utf8" }).stdout;
  });
  expect(seen).toBe("199x");
  expect(readdirSync(target!)).toEqual([]);
});

it("mounts overlays whose paths hold characters that are special to overlayfs", () => {
  const [lower, upperDir, workDir, target] = makeDirs("a:b,c\\d", "up,per", "wo:rk", "merged");
  writeFileSync(join(lower!, "file"), "x");
  mountOverlay({ lowerDirs: [lower!], upperDir, workDir, target: target! });
  expect(readdirSync(target!)).toEqual(["file"]);
  unmount(target!);
  mountOverlay({ lowerDirs: [lower!, upperDir!], target: target! });
  expect(() => writeFileSync(join(target!, "new"), "")).toThrow("EROFS");
});

it("says in its error what failed", () => {
  try {
    mount("none", join(dir, "missing"), "tmpfs", 0);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ kind: "NotFound", code: "Kernel.ENOENT", details: { errno: "ENOENT" } });
  }
});

it("shares mounts below a shared directory with private copies, and their unmounting", async () => {
  const [home, inner] = makeDirs("home", "home/with space");
  ensureSharedMount(home!);
  ensureSharedMount(home!);
  expect(listMounts().filter((entry) => entry.mountPoint === home)).toHaveLength(1);
  const { spawn } = await import("node:child_process");
  const child = withPrivateMountNamespace(() => spawn("sleep", ["30"], { stdio: "ignore" }));
  const seen = () =>
    readFileSync(`/proc/${child.pid}/mountinfo`, "utf8")
      .split("\n")
      .filter((line) => line.includes("with\\040space")).length;
  try {
    mount("tmpfs", inner!, "tmpfs", MountFlag.NOSUID, "size=64k");
    expect(listMounts().find((entry) => entry.mountPoint === inner)?.options).toContain("nosuid");
    expect(seen()).toBe(1);
    unmountTree(home!);
    expect(listMounts().filter((entry) => entry.mountPoint.startsWith(dir))).toEqual([]);
    expect(seen()).toBe(0);
  } finally {
    child.kill("SIGKILL");
  }
});
