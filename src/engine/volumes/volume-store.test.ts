import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { VolumeStore } from "./volume-store.ts";

let dir: string;
let before: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-volumes-"));
  before = process.umask(0o022);
});
afterEach(() => {
  process.umask(before);
  rmSync(dir, { recursive: true });
});

const modeOf = (...path: string[]) => (statSync(join(dir, ...path)).mode & 0o777).toString(8);

it("nobody but root can list volumes or read what they were made with; who knows a name reaches the data", async () => {
  const volumes = new VolumeStore(join(dir, "volumes"), systemClock, silentLogger);
  await volumes.open();
  await volumes.create({
    Name: "data",
    DriverOpts: { type: "cifs", device: "//nas/data", o: "addr=192.0.2.1,password=s3cret" },
  });
  expect(modeOf("volumes")).toBe("711");
  expect(modeOf("volumes", "data", "volume.json")).toBe("600");
  expect(modeOf("volumes", "data", "_data")).toBe("755");
});
