import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface LockedPackage {
  integrity?: string;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const lockFile = new URL("../package-lock.json", import.meta.url);
const packages: Record<string, LockedPackage> = JSON.parse(readFileSync(lockFile, "utf8")).packages;

/** As Node looks for it: beside what asks for it, or further out. */
function isLocked(name: string, from: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    if (`${at === "" ? "" : `${at}/`}node_modules/${name}` in packages) return true;
    if (at === "") return false;
  }
}

it("the lock file has the packages of all platforms, as npm ci wants it", () => {
  const missing = Object.entries(packages).flatMap(([path, one]) =>
    Object.keys({ ...one.dependencies, ...one.optionalDependencies, ...one.devDependencies })
      .filter((name) => !isLocked(name, path))
      .map((name) => `${name}, for ${path}`),
  );
  expect(missing).toEqual([]);
});

it("the lock file names no registry, and the digest of every package", () => {
  const locked = Object.entries(packages).filter(([path]) => path !== "");
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  expect(locked.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
});
