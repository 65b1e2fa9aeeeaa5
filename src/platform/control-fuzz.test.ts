import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { callControl, controlSocket, type PlatformStatus } from "../cli/index.ts";
import { fuzz, UNHARMED } from "../http/fuzz.test-support.ts";
import { startControlServer } from "./control-server.ts";

it("the control socket stands up to bodies that end, break and lie", async () => {
  const home = await mkdtemp(join(tmpdir(), "gantry-control-"));
  const backend = {
    status: async () => ({ state: "ready" }) as PlatformStatus,
    stop: () => {},
    operateStore: async (name: string) => ({ name }),
  };
  const server = await startControlServer(controlSocket(home), backend, silentLogger);
  const outcome = await fuzz(
    {
      connect: async () => {
        const socket = connect({ path: controlSocket(home), allowHalfOpen: true });
        await once(socket, "connect");
        return socket;
      },
      requests: [
        { method: "GET", path: "/status" },
        { method: "POST", path: "/down?keep-containers=true" },
        { method: "POST", path: "/store/snapshot?file=/x", body: "{}" },
        { method: "GET", path: "/status", upgrade: "tcp" },
      ],
      serves: async () => (await callControl<PlatformStatus>(home, "GET", "/status"))?.state === "ready",
    },
    { seed: 17, rounds: 200 },
  );
  await server.close();
  await rm(home, { recursive: true });
  expect(outcome).toEqual(UNHARMED);
}, 30_000);
