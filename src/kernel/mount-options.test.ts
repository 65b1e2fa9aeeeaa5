import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { listMounts, unmount, unmountTree } from "./mount.ts";
import { mountDescribed, parseMountOptions } from "./mount-options.ts";

const dir = mkdtempSync(join(tmpdir(), "gantry-mount-"));
afterAll(() => {
  unmountTree(dir);
  rmSync(dir, { recursive: true });
});

it("tells flags from what is the file system's own", () => {
  expect(parseMountOptions("ro,noatime,addr=10.0.0.1,rw,vers=4,nolock")).toEqual({
    flags: 1024,
    data: "addr=10.0.0.1,vers=4,nolock",
  });
  expect(parseMountOptions("rbind,rslave,toString")).toEqual({
    flags: 4096 | 16384 | (1 << 19),
    data: "toString",
  });
  expect(parseMountOptions("")).toEqual({ flags: 0, data: "" });
});

it("mounts a file system in memory, and a directory read-only", async () => {
  const [memory, bound, source] = ["memory", "bound", "source"].map((name) => join(dir, name));
  for (const path of [memory, bound, source]) mkdirSync(path!);
  await mountDescribed("tmpfs", memory!, "tmpfs", "size=1m,noexec");
  const found = listMounts().find(({ mountPoint }) => mountPoint === memory);
  expect([found?.fsType, found?.options.includes("noexec"), found?.superOptions]).toEqual([
    "tmpfs",
    true,
    expect.arrayContaining(["size=1024k"]),
  ]);
  unmount(memory!);
  writeFileSync(join(source!, "file"), "x");
  await mountDescribed(source!, bound!, "none", "bind,ro");
  expect(readFileSync(join(bound!, "file"), "utf8")).toBe("x");
  expect(() => writeFileSync(join(bound!, "file"), "y")).toThrow(/EROFS/);
});

it("says which call failed, and why", async () => {
  const target = join(dir, "memory");
  await expect(mountDescribed("/no/such", target, "none", "bind")).rejects.toMatchObject({
    details: { errno: "ENOENT", call: `mount /no/such:${target}, flags: 0x1000` },
  });
  await expect(mountDescribed("x", target, "nosuchfs", "a=b")).rejects.toMatchObject({
    details: { errno: "ENODEV", call: `mount x:${target}, data: a=b` },
  });
});
