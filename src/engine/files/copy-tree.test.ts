import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { swapLinks } from "../../kernel/testing/link-swapper.ts";
import { copyTree } from "./copy-tree.ts";

let dir: string;
let source: string;
let target: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-copy-"));
  [source, target] = [join(dir, "source"), join(dir, "target")];
  mkdirSync(source);
  mkdirSync(target);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function copy(): Promise<void> {
  const fd = openSync(source, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await copyTree(fd, target);
  } finally {
    closeSync(fd);
  }
}

it("keeps owners, modes, times, links and second names", async () => {
  mkdirSync(join(source, "d"));
  writeFileSync(join(source, "d/file"), "content");
  linkSync(join(source, "d/file"), join(source, "second"));
  symlinkSync("/nowhere", join(source, "d/link"));
  chownSync(join(source, "d/file"), 1000, 1001);
  chmodSync(join(source, "d/file"), 0o4755);
  utimesSync(join(source, "d/file"), 1000.5, 1000.5);
  chmodSync(join(source, "d"), 0o1777);
  chmodSync(source, 0o750);
  await copy();
  const file = statSync(join(target, "d/file"));
  expect([file.uid, file.gid, file.mode & 0o7777, file.mtimeMs]).toEqual([1000, 1001, 0o4755, 1_000_500]);
  expect(readFileSync(join(target, "second"), "utf8")).toBe("content");
  expect(statSync(join(target, "second")).ino).toBe(file.ino);
  expect(readlinkSync(join(target, "d/link"))).toBe("/nowhere");
  expect(statSync(join(target, "d")).mode & 0o7777).toBe(0o1777);
  expect(statSync(target).mode & 0o777).toBe(0o750);
});

it("leaves what somebody else has put there, and follows no link of theirs", async () => {
  const outside = join(dir, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "taken"), "the host's");
  for (const name of ["sub", "file"]) symlinkSync(outside, join(target, name));
  symlinkSync(join(outside, "taken"), join(target, "taken"));
  mkdirSync(join(source, "sub"));
  for (const name of ["sub/x", "file", "taken", "free"]) writeFileSync(join(source, name), "the image's");
  await copy();
  expect(readdirSync(outside)).toEqual(["taken"]);
  expect(readFileSync(join(outside, "taken"), "utf8")).toBe("the host's");
  expect(readFileSync(join(target, "free"), "utf8")).toBe("the image's");
});

it("writes nothing outside while directories are swapped for links", async () => {
  const outside = join(dir, "outside");
  mkdirSync(outside);
  const names = Array.from({ length: 30 }, (_, index) => `d${index}`);
  const files = ["a", "b", "c", "d", "e"];
  for (const name of names) {
    mkdirSync(join(source, name));
    for (const file of files) writeFileSync(join(source, name, file), "the image's");
  }
  for (const file of files) writeFileSync(join(outside, file), "the host's");
  chmodSync(outside, 0o711);
  const swapper = await swapLinks(target, names, outside);
  try {
    for (let tries = 0; tries < 200 && swapper.swaps() < 50; tries++) {
      for (const name of readdirSync(target)) rmSync(join(target, name), { recursive: true, force: true });
      // A name may be gone at the very moment; what counts is what lies outside.
      await copy().catch(() => {});
    }
  } finally {
    await swapper.stop();
  }
  expect(swapper.swaps()).toBeGreaterThanOrEqual(50);
  expect(readdirSync(outside).sort()).toEqual(files);
  for (const file of files) expect(readFileSync(join(outside, file), "utf8")).toBe("the host's");
  expect(lstatSync(outside).mode & 0o777).toBe(0o711);
});
