import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isGantryError } from "../base/index.ts";
import { homeLayout, prepareHome } from "./home.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-home-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function refusalOf(home: string): { message: string; command: string } | undefined {
  try {
    prepareHome(homeLayout(home));
    return undefined;
  } catch (error) {
    if (!isGantryError(error) || error.code !== "Platform.UnsafeHome") throw error;
    return { message: error.message, command: error.hint!.split("run: ")[1]! };
  }
}

it.each([
  [
    "that belongs to somebody else",
    (home: string) => chownSync(home, 65_534, 0),
    /it belongs to user 65534$/,
  ],
  ["that its group may write to", (home: string) => chmodSync(home, 0o770), /its group may write to it$/],
  ["that everybody may write to", (home: string) => chmodSync(home, 0o1777), /everybody may write to it$/],
])("a home %s is refused, with the command that mends it", (_name, spoil, why) => {
  const home = join(dir, "a home");
  mkdirSync(home);
  spoil(home);
  const refusal = refusalOf(home);
  expect(refusal?.message).toMatch(why);
  execFileSync("sh", ["-c", refusal!.command]);
  expect(refusalOf(home)).toBeUndefined();
});

it("a home that is made is its own, whatever the umask", () => {
  const before = process.umask(0);
  try {
    expect(refusalOf(join(dir, "new"))).toBeUndefined();
  } finally {
    process.umask(before);
  }
  expect(refusalOf(join(dir, "new"))).toBeUndefined();
});
