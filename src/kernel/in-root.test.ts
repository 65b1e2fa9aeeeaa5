import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fdPath, mkdirInRoot, openInRoot, resolveInRoot, withParentInRoot } from "./index.ts";

let dir: string;
let root: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-root-"));
  root = join(dir, "root");
  mkdirSync(join(root, "run/lock"), { recursive: true });
  mkdirSync(join(root, "var"));
  symlinkSync("/run", join(root, "var/run"));
  symlinkSync("../../../../etc", join(root, "up"));
  symlinkSync("/proc/self/root", join(root, "magic"));
  symlinkSync("loop", join(root, "loop"));
  writeFileSync(join(root, "run/file"), "inside");
  mkdirSync(join(dir, "etc"));
  writeFileSync(join(dir, "etc/file"), "outside");
});

afterEach(() => rmSync(dir, { recursive: true }));

function read(path: string): string {
  const fd = openInRoot(root, path);
  try {
    return readFileSync(fdPath(fd), "utf8");
  } finally {
    closeSync(fd);
  }
}

it("resolves links inside the root", () => {
  expect(read("/var/run/file")).toBe("inside");
  expect(read("../../../var/run/../run/file")).toBe("inside");
  expect(() => read("/up/file")).toThrow("ENOENT");
  expect(() => read("/loop")).toThrow("ELOOP");
  expect(() => read("/magic/etc/passwd")).toThrow(/ENOENT|ELOOP/);
  expect(() => read("a\0b")).toThrow("NUL");
});

it("creates files and directories inside only", () => {
  closeSync(openInRoot(root, "/up2", constants.O_CREAT | constants.O_WRONLY, 0o640));
  expect(existsSync(join(root, "up2"))).toBe(true);
  mkdirInRoot(root, "/var/run/a/../b/c", 0o700);
  expect(existsSync(join(root, "run/b/c"))).toBe(true);
  mkdirInRoot(root, "../../x");
  expect(existsSync(join(root, "x"))).toBe(true);
  const target = withParentInRoot(
    root,
    "/var/run/new/deep/file",
    (parent) => {
      writeFileSync(parent.path, "made");
      return fstatSync(parent.fd).isDirectory() && parent.name;
    },
    { createMode: 0o755 },
  );
  expect(target).toBe("file");
  expect(readFileSync(join(root, "run/new/deep/file"), "utf8")).toBe("made");
  expect(() => withParentInRoot(root, "/", () => 0)).toThrow("last name");
  expect(existsSync(join(dir, "run"))).toBe(false);
});

it("names where a path lies on the host", () => {
  expect(resolveInRoot(root, "/var/run/file")).toBe(join(root, "run/file"));
  expect(resolveInRoot(root, "/up/passwd")).toBe(join(root, "etc/passwd"));
  expect(resolveInRoot(root, "../../var/run", { followLast: false })).toBe(join(root, "var/run"));
  expect(resolveInRoot(root, "/missing/../x")).toBe(join(root, "x"));
  expect(() => resolveInRoot(root, "/loop")).toThrow("symbolic links");
});

it("never leaves the root while somebody swaps a directory for a link", async () => {
  mkdirSync(join(root, "a"));
  writeFileSync(join(root, "a/file"), "inside");
  symlinkSync(dir, join(root, "link"));
  writeFileSync(join(dir, "file"), "outside");
  const script = `
    const { renameSync } = require("node:fs");
    process.chdir(${JSON.stringify(root)});
    const end = Date.now() + 400;
    process.stdout.write("go");
    while (Date.now() < end) {
      renameSync("a", "tmp"); renameSync("link", "a"); renameSync("a", "link"); renameSync("tmp", "a");
    }`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const seen = new Set<string>();
  while (child.exitCode === null) {
    for (let i = 0; i < 200; i++) {
      try {
        seen.add(read("a/file"));
      } catch {
        // Just then there was no `a`, or it was the link.
      }
    }
    await new Promise(setImmediate);
  }
  expect([...seen]).toEqual(["inside"]);
});
