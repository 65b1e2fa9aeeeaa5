import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { localGroup } from "./local-groups.ts";

let dir: string;
let file: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-groups-"));
  file = join(dir, "group");
  const lines = [
    "root:x:0:",
    "# docker:x:1:",
    "broken:x:x:",
    "dockers:x:2:a",
    "docker:x:998:ann,bob",
    "docker",
  ];
  writeFileSync(file, lines.join("\n"));
});

afterAll(() => rmSync(dir, { recursive: true }));

it.each([
  ["docker", { gid: 998, members: ["ann", "bob"] }],
  ["dockers", { gid: 2, members: ["a"] }],
  ["root", { gid: 0, members: [] }],
  ["broken", undefined],
  ["dock", undefined],
  ["998", undefined],
])("the group %s", async (name, expected) => {
  expect(await localGroup(name, file)).toEqual(expected);
});

it("is read from the machine's own file where none is named", async () => {
  expect(await localGroup("root")).toMatchObject({ gid: 0 });
});

it("is not there where there is no such file", async () => {
  expect(await localGroup("root", join(dir, "none"))).toBeUndefined();
});
