import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  childrenOf,
  connectSeqpacket,
  getSysctl,
  holdPort,
  hostCpuTime,
  hostInfo,
  hostMemory,
  isSameProcess,
  killProcess,
  processIdentity,
  setSysctl,
  watchProcessExit,
} from "./index.ts";

it("names a process by pid and start time, and tells when it ends", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  const identity = processIdentity(child.pid!)!;
  expect(identity.parentPid).toBe(process.pid);
  expect(isSameProcess(child.pid!, identity.startTime)).toBe(true);
  expect(isSameProcess(child.pid!, identity.startTime + 1)).toBe(false);
  expect(childrenOf(process.pid)).toContain(child.pid);
  const ended = new Promise<void>((resolve) => watchProcessExit(child.pid!, resolve));
  expect(killProcess(child.pid!, "SIGKILL")).toBe(true);
  await ended;
  await expect.poll(() => processIdentity(child.pid!)).toBeUndefined();
  await new Promise<void>((resolve) => watchProcessExit(child.pid!, resolve));
  expect(killProcess(child.pid!, 0)).toBe(false);
});

it("holds a port against everybody else", async () => {
  const hold = holdPort("tcp", "127.0.0.1", 0);
  expect(hold.port).toBeGreaterThan(0);
  expect(() => holdPort("tcp", "0.0.0.0", hold.port)).toThrow("EADDRINUSE");
  const server = createServer();
  const refused = new Promise((resolve) => server.on("error", resolve));
  server.listen(hold.port, "127.0.0.1");
  expect(await refused).toMatchObject({ code: "EADDRINUSE" });
  hold.release();
  holdPort("tcp", "127.0.0.1", hold.port).release();
  const udp = holdPort("udp", "0.0.0.0", 0);
  expect(() => holdPort("udp", "127.0.0.1", udp.port)).toThrow("EADDRINUSE");
  udp.release();
  expect(() => holdPort("tcp", "203.0.113.77", 1)).toThrow("EADDRNOTAVAIL");
});

it("reaches sockets whose path is longer than an address can be", () => {
  const dir = mkdtempSync(join(tmpdir(), "gantry-socket-"));
  const deep = join(dir, "x".repeat(120));
  mkdirSync(deep);
  expect(() => connectSeqpacket(join(deep, "attach"))).toThrow("ENOENT");
  rmSync(dir, { recursive: true });
});

it("tells about the host", () => {
  expect(hostInfo()).toMatchObject({
    kernelVersion: expect.stringMatching(/^\d+\.\d+/),
    cpus: expect.any(Number),
  });
  expect(hostCpuTime().totalNs).toBeGreaterThan(hostCpuTime().idleNs);
  const { totalBytes, availableBytes, freeBytes, anonymousBytes } = hostMemory();
  expect(totalBytes).toBeGreaterThan(availableBytes);
  expect(totalBytes).toBeGreaterThan(freeBytes + anonymousBytes);
  expect(getSysctl("net.ipv4.ip_forward")).toMatch(/^[01]$/);
  expect(getSysctl("net.ipv4.no_such_thing")).toBeUndefined();
  expect(() => setSysctl("../../etc/passwd", "x")).toThrow("not a sysctl");
});
