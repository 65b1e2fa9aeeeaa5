import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GantryError, silentLogger } from "../base/index.ts";
import { callControl, controlSocket } from "../cli/index.ts";
import type { HttpServer } from "../http/index.ts";
import { type ControlBackend, startControlServer } from "./control-server.ts";

let home: string;
let server: HttpServer;
let operateStore: ControlBackend["operateStore"];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "gantry-control-"));
  const status = () => Promise.reject(new Error("not asked for here"));
  const backend: ControlBackend = {
    status,
    stop: () => {},
    operateStore: (name, parameters) => operateStore(name, parameters),
  };
  server = await startControlServer(controlSocket(home), backend, silentLogger);
});
afterEach(async () => {
  await server.close();
  await rm(home, { recursive: true });
});

const failure = (path: string) =>
  callControl(home, "POST", path).then(
    () => undefined,
    (error) => error,
  );

describe("the control socket", () => {
  it("is open to its own user only", () => {
    expect(statSync(controlSocket(home)).mode & 0o777).toBe(0o600);
  });

  it("hands an operation and its parameters to the store", async () => {
    operateStore = async (name, parameters) => ({ name, file: parameters.get("file") });
    const query = new URLSearchParams({ file: "/a b/ü&c" });
    expect(await callControl(home, "POST", `/store/snapshot?${query}`)).toEqual({
      name: "snapshot",
      file: "/a b/ü&c",
    });
  });

  it("carries errors as they are", async () => {
    operateStore = async () => {
      throw new GantryError("AlreadyExists", "it is there", {
        code: "Store.SnapshotExists",
        hint: "do this",
      });
    };
    const error = await failure("/store/snapshot");
    expect(error).toBeInstanceOf(GantryError);
    expect(error).toMatchObject({
      kind: "AlreadyExists",
      code: "Store.SnapshotExists",
      message: "it is there",
      hint: "do this",
    });
    operateStore = async () => {
      throw new Error("a bug");
    };
    expect(await failure("/store/check")).toMatchObject({ kind: "Internal", message: "a bug" });
    expect(await failure("/frobnicate")).toMatchObject({ kind: "NotFound" });
  });
});
