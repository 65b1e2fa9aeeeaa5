import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { LogKeeping } from "./log-keeping.ts";

let dir: string;
let path: string;
let controlPath: string;
let control: number;
let keeping: LogKeeping | undefined;
const errors: unknown[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-keep-"));
  path = join(dir, "container.log");
  controlPath = join(dir, "ctl");
  spawnSync("mkfifo", [controlPath]);
  control = openSync(controlPath, constants.O_RDWR | constants.O_NONBLOCK);
  errors.length = 0;
});
afterEach(() => {
  keeping?.stop();
  rmSync(dir, { recursive: true });
});

function keep(maxFiles: number): void {
  keeping = new LogKeeping(
    { path, controlPath, limits: { maxBytes: 1000, maxFiles } },
    systemClock,
    (error) => errors.push(error),
  );
  keeping.start();
}

/** What the monitor was told, and has done. */
function obey(): boolean {
  const buffer = Buffer.alloc(64);
  try {
    if (readSync(control, buffer) === 0) return false;
  } catch {
    return false;
  }
  expect(existsSync(path)).toBe(false);
  writeFileSync(`${path}.tmp`, "");
  renameSync(`${path}.tmp`, path);
  return true;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(1);
}

const names = () => readdirSync(dir).filter((name) => name !== "ctl");

describe("a log that is kept", () => {
  it("is moved aside when it is full, and the oldest goes when something stands in the new one", async () => {
    writeFileSync(path, "");
    keep(2);
    appendFileSync(path, "a".repeat(600));
    await systemClock.sleep(30);
    expect(names()).toEqual(["container.log"]);
    appendFileSync(path, "a".repeat(400));
    await until(obey);
    appendFileSync(path, "b".repeat(1000));
    await until(obey);
    await systemClock.sleep(30);
    expect(names()).toEqual(["container.log", "container.log.1", "container.log.2"]);
    appendFileSync(path, "c");
    await until(() => names().length === 2);
    expect(readFileSync(path, "utf8")).toBe("c");
    expect(readFileSync(`${path}.1`, "utf8")[0]).toBe("b");
    expect(errors).toEqual([]);
  });

  it("with one file keeps that until there is something newer", async () => {
    writeFileSync(path, "a".repeat(1000));
    keep(1);
    await until(obey);
    await systemClock.sleep(30);
    expect(statSync(`${path}.1`).size).toBe(1000);
    appendFileSync(path, "b");
    await until(() => names().length === 1);
    expect(readFileSync(path, "utf8")).toBe("b");
  });

  it("is reopened where a crash came between the move and the writer's hearing of it", async () => {
    writeFileSync(`${path}.1`, "a".repeat(1000));
    keep(2);
    await until(obey);
    expect(names()).toEqual(["container.log", "container.log.1"]);
  });

  it("is looked at again after a long silence", async () => {
    writeFileSync(path, "a");
    keep(2);
    await systemClock.sleep(200);
    appendFileSync(path, "b".repeat(2000));
    await until(obey);
  });
});
