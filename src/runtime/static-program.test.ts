import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findInit } from "./runtime-binary.ts";
import { isStaticProgram } from "./static-program.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "elf-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A file with an ELF header of 64 bits, little-endian, and program headers of these types. */
function elf(name: string, types: number[], shown = types.length): string {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.set([2, 1, 1], 4);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(shown, 56);
  const segments = types.map((type) => {
    const segment = Buffer.alloc(56);
    segment.writeUInt32LE(type, 0);
    return segment;
  });
  const path = join(dir, name);
  writeFileSync(path, Buffer.concat([header, ...segments]));
  return path;
}

it("tells static programs from those that need a loader", () => {
  expect(isStaticProgram(elf("static", [1, 1, 4]))).toBe(true);
  // A static program that can be loaded anywhere has a dynamic section (2), but no loader's name.
  expect(isStaticProgram(elf("static-pie", [1, 2]))).toBe(true);
  expect(isStaticProgram(elf("dynamic", [6, 3, 1, 2]))).toBe(false);
  expect(isStaticProgram(elf("cut", [1], 2))).toBe(false);
  writeFileSync(join(dir, "script"), "#!/bin/sh\n".padEnd(100));
  writeFileSync(join(dir, "empty"), "");
  for (const name of ["script", "empty", "none"]) expect(isStaticProgram(join(dir, name))).toBe(false);
});

it("takes a static init", () => {
  expect(isStaticProgram("/usr/bin/busybox")).toBe(true);
  expect(isStaticProgram("/usr/bin/tini")).toBe(false);
  expect(isStaticProgram(findInit()!)).toBe(true);
});
