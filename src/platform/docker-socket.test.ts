import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLogger } from "../base/index.ts";
import { startHttpServer } from "../http/index.ts";
import { dockerSocket } from "./docker-socket.ts";

let dir: string;
let told: string;
const logger = createLogger((line) => {
  told += line;
});

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-socket-"));
  told = "";
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The group and the mode of the socket of a machine with these groups. */
async function socketWith(groups: string): Promise<[gid: number, mode: number]> {
  const groupFile = join(dir, "group");
  const socketPath = join(dir, "docker.sock");
  writeFileSync(groupFile, groups);
  const listen = await dockerSocket(socketPath, logger, groupFile);
  const server = await startHttpServer({ listen, handler: async () => {}, logger });
  const { gid, uid, mode } = statSync(socketPath);
  await server.close();
  expect(uid).toBe(process.geteuid!());
  return [gid, mode & 0o777];
}

it("the engine's socket is the group docker's, whatever its id, and nobody else's", async () => {
  expect(await socketWith("root:x:0:\ndocker:x:54321:ann\n")).toEqual([54321, 0o660]);
  expect(told).toBe("");
});

it("where there is no group docker it is root's alone, and that is told", async () => {
  expect(await socketWith("root:x:0:\ndockers:x:54321:ann\n")).toEqual([process.getegid!(), 0o660]);
  expect(told).toContain("there is no group docker");
});
