import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  inNetworkNamespace,
  listLinks,
  mountOverlay,
  nft,
  pinNamespaces,
  unmount,
  unpinNamespaces,
} from "../../kernel/index.ts";
import { runChecks } from "./check.ts";
import { homeChecks, judgeDisk } from "./home-checks.ts";
import { examinePlatform } from "./index.ts";
import { judgeCertificates, judgeStatus } from "./instance-checks.ts";
import { judgeCgroups, judgeKernel, judgeMemory, judgeOpenFiles, judgeUser } from "./machine-checks.ts";
import { networkChecks, portCheck } from "./network-checks.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-doctor-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("finds nothing wrong with the machine that the tests run on, and leaves nothing behind", async () => {
  const linksBefore = listLinks().map(({ name }) => name);
  const findings = await examinePlatform(join(dir, "home"));
  // The ports of a platform may be another's here.
  const failures = findings.filter(({ name, state }) => state === "failure" && !name.startsWith("port "));
  expect(failures).toEqual([]);
  expect(findings.map(({ name }) => name)).toEqual([
    ...["user", "kernel", "cgroups", "packages", "memory", "open files"],
    ...["home", "disk", "overlayfs", "nftables", "links", "firewall"],
    ...["platform", "port 6443", "port 5000"],
  ]);
  expect(listLinks().map(({ name }) => name)).toEqual(expect.arrayContaining(linksBefore));
  expect(listLinks().filter(({ name }) => name.startsWith(`gtd${process.pid}`))).toEqual([]);
  expect(nft("list tables")).not.toContain("gantry_doctor");
  expect(readdirSync(dir)).toEqual([]);
});

it("says that an overlay cannot carry another one, and which path no home can have", async () => {
  const [lower, upperDir, workDir, target] = ["l", "u", "w", "t"].map((name) => join(dir, name));
  for (const path of [lower!, upperDir!, workDir!, target!]) mkdirSync(path);
  mountOverlay({ lowerDirs: [lower!], upperDir: upperDir!, workDir: workDir!, target: target! });
  try {
    expect(await runChecks(homeChecks(join(target!, "home")))).toContainEqual({
      name: "overlayfs",
      state: "failure",
      text: `no overlay can be mounted in ${target} (overlay)`,
      hint: "choose a --home on ext4, xfs or btrfs, and load the kernel module overlay",
    });
    expect(readdirSync(target!)).toEqual([]);
  } finally {
    unmount(target!);
  }
  const [home] = await runChecks(homeChecks(join(dir, "a:b")));
  expect(home).toMatchObject({
    name: "home",
    state: "failure",
    hint: expect.stringContaining("without a colon"),
  });
});

describe("the host's firewall", () => {
  const firewall = networkChecks.filter(({ name }) => name === "firewall");
  const judged = (ruleset: string) => {
    const { net } = pinNamespaces(dir, ["net"]);
    try {
      return inNetworkNamespace(net, () => {
        nft(ruleset);
        return firewall[0]!.look();
      });
    } finally {
      unpinNamespaces(dir);
    }
  };
  const chain = (family: string, policy: string, rules = "") =>
    `table ${family} filter {\nchain FORWARD {\ntype filter hook forward priority 0; policy ${policy};\n${rules}\n}\n}`;

  it("is no matter where its packets pass, or where rules are added to it", () => {
    for (const ruleset of [chain("ip", "accept"), chain("ip", "drop")])
      expect(judged(ruleset)).toMatchObject({ state: "ok" });
  });

  it("is told of where nothing is added", () => {
    expect(judged(chain("inet", "drop"))).toEqual([
      {
        state: "warning",
        text: "the chain inet filter FORWARD drops what containers and pods send: its policy is drop",
        hint: 'let packets from and to links whose names begin with "gt" through there',
      },
    ]);
    expect(judged(chain("ip", "accept", "drop"))).toMatchObject([{ state: "warning" }]);
  });
});

it("says who has a port already", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const look = () => runChecks([portCheck(port, "--api-port")]);
  expect(await look()).toEqual([
    {
      name: `port ${port}`,
      state: "failure",
      text: "another program listens on it",
      hint: "choose another one with --api-port",
    },
  ]);
  await new Promise((resolve) => server.close(resolve));
  expect(await look()).toMatchObject([{ state: "ok" }]);
});

it("judges what it sees", () => {
  const GIB = 2 ** 30;
  const disk = (freeGiB: number, sizeGiB: number, ffree = 50) =>
    judgeDisk({ bsize: GIB, blocks: sizeGiB, bavail: freeGiB, files: 100, ffree }).state;
  const v1 = (...names: string[]) =>
    judgeCgroups({ mode: "v1", controllers: new Map(names.map((name) => [name, "/c"])) });
  const day = 24 * 3600 * 1000;
  const certificate = (days: number) =>
    judgeCertificates(
      [
        { name: "a.crt", validToMs: 400 * day },
        { name: "b.crt", validToMs: days * day },
      ],
      0,
    );
  const running = { state: "ready" as const, pid: 7, services: [], escapedErrors: 0 };
  expect([
    [judgeUser(0), judgeUser(1000)].map(({ state }) => state),
    ["6.1.0-13-amd64", "5.10.0", "5.4.0"].map((version) => judgeKernel(version).state),
    [v1("memory", "cpu", "pids"), v1("cpu")].map(({ state }) => state),
    judgeCgroups({ mode: "v2", controllers: new Map() }).state,
    [disk(30, 100), disk(12, 100), disk(9, 100), disk(30, 100, 4)],
    [judgeDisk({ bsize: 1, blocks: 1, bavail: 1, files: 0, ffree: 0 }).state],
    [judgeMemory(GIB), judgeMemory(2 ** 26)].map(({ state }) => state),
    [judgeOpenFiles(20_000), judgeOpenFiles(1024)].map(({ state }) => state),
    [certificate(300), certificate(30), certificate(-1), judgeCertificates([], 0)].map(({ state }) => state),
    judgeStatus(running).map(({ state }) => state),
    judgeStatus({ ...running, escapedErrors: 2 }).map(({ state }) => state),
  ]).toEqual([
    ["ok", "failure"],
    ["ok", "warning", "failure"],
    ["ok", "failure"],
    "ok",
    ["ok", "warning", "failure", "failure"],
    ["failure"],
    ["ok", "warning"],
    ["ok", "warning"],
    ["ok", "warning", "failure", "ok"],
    ["ok"],
    ["ok", "warning"],
  ]);
  expect(v1("cpu").text).toBe("no hierarchy for memory, pids is mounted");
  expect(
    judgeStatus({ ...running, state: "starting", services: [{ name: "kubelet", readyAfterMs: undefined }] }),
  ).toMatchObject([{ state: "warning", text: "starting, waits for kubelet" }]);
});
