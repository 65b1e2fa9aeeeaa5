import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLogger, systemClock } from "../../base/index.ts";
import { caHashOf, type JoinToken } from "../../cli/index.ts";
import { ServerConnections } from "../../kube/client/index.ts";
import { selfSigned } from "../../kube/pki/index.ts";
import { joinCluster } from "./join-cluster.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gantry-join-"));
});
afterEach(() => rm(dir, { recursive: true }));

const logs: string[] = [];
const joining = (token: JoinToken | undefined, signal: AbortSignal) =>
  joinCluster({
    servers: new ServerConnections(["https://127.0.0.1:1"]),
    token,
    nodeName: "n1",
    pkiDir: join(dir, "pki"),
    logger: createLogger((line) => logs.push(line), "warn"),
    clock: systemClock,
    signal,
  });
const never = new AbortController().signal;
const authority = () => selfSigned("ca", [], { nowMs: Date.now(), forMs: 3_600_000 }).certPem;

it("needs a token the first time", async () => {
  await expect(joining(undefined, never)).rejects.toThrow("the node has no certificate of the cluster's");
});

it("does not lead a node of one cluster into another", async () => {
  await mkdir(join(dir, "pki"));
  await writeFile(join(dir, "pki", "ca.crt"), authority());
  const token = { id: "abcdef", secret: "0123456789abcdef", caHash: caHashOf(authority()) };
  await expect(joining(token, never)).rejects.toMatchObject({ code: "Join.Elsewhere" });
});

it("tries a server that does not answer for as long as it is wanted", async () => {
  const token = { id: "abcdef", secret: "0123456789abcdef", caHash: caHashOf(authority()) };
  const stop = AbortSignal.timeout(1500);
  await expect(joining(token, stop)).rejects.toThrow();
  expect(stop.aborted).toBe(true);
  expect(logs.join("\n")).toContain("the cluster cannot be joined yet, will retry");
});
