import { describe, expect, it } from "vitest";
import {
  ALL_CAPABILITIES,
  DEFAULT_CAPABILITIES,
  effectiveCapabilities,
  heldCapabilities,
} from "./capabilities.ts";
import { resolveSeccomp } from "./custom-seccomp.ts";
import { clampOomScoreAdj, clampRlimits, type HeldLimits, readHeldLimits } from "./process-limits.ts";
import { defaultSeccomp } from "./seccomp.ts";

const held: HeldLimits = {
  hard: new Map([["RLIMIT_NOFILE", 20_000]]),
  mayRaise: false,
  oomScoreAdj: -100,
  capabilities: 1n,
};

describe("capabilities", () => {
  it("are the default ones, more, fewer, all or none", () => {
    expect(effectiveCapabilities({})).toEqual(DEFAULT_CAPABILITIES);
    expect(effectiveCapabilities({ add: ["net_admin"] })).toContain("CAP_NET_ADMIN");
    expect(effectiveCapabilities({ drop: ["CAP_CHOWN"] })).not.toContain("CAP_CHOWN");
    expect(effectiveCapabilities({ add: ["KILL"], drop: ["all"] })).toEqual(["CAP_KILL"]);
    expect(effectiveCapabilities({ add: ["ALL"], drop: ["SYS_ADMIN"] })).toEqual(
      ALL_CAPABILITIES.filter((name) => name !== "CAP_SYS_ADMIN"),
    );
    expect(effectiveCapabilities({ privileged: true })).toEqual(ALL_CAPABILITIES);
    expect(() => effectiveCapabilities({ add: ["FLY"] })).toThrow('invalid capability: "FLY"');
    expect(heldCapabilities(["CAP_CHOWN", "CAP_KILL"], 1n)).toEqual(["CAP_CHOWN"]);
  });
});

describe("limits", () => {
  it("are lowered to what is held, and that is told", () => {
    const told: unknown[] = [];
    const clamped = clampRlimits(
      [
        { type: "RLIMIT_NOFILE", soft: 1_048_576, hard: 1_048_576 },
        { type: "RLIMIT_CORE", soft: -1, hard: -1 },
        { type: "RLIMIT_NOFILE", soft: 10, hard: 20 },
      ],
      held,
      (...change) => told.push(change),
    );
    const unlimited = Number.POSITIVE_INFINITY;
    expect(clamped).toEqual([
      { type: "RLIMIT_NOFILE", soft: 20_000, hard: 20_000 },
      { type: "RLIMIT_CORE", soft: unlimited, hard: unlimited },
      { type: "RLIMIT_NOFILE", soft: 10, hard: 20 },
    ]);
    expect(told).toEqual([["RLIMIT_NOFILE", 1_048_576, 20_000]]);
    expect(clampOomScoreAdj(-999, held)).toBe(-100);
    expect(clampOomScoreAdj(500, held)).toBe(500);
    expect(clampOomScoreAdj(-999, { ...held, mayRaise: true })).toBe(-999);
  });

  it("of this process are read", () => {
    const own = readHeldLimits();
    expect(own.hard.get("RLIMIT_NOFILE")).toBeGreaterThan(0);
    expect(own.capabilities).toBeGreaterThan(0n);
  });
});

describe("the default seccomp profile", () => {
  const names = (capabilities: string[], architecture = "x64") =>
    defaultSeccomp(capabilities, architecture)
      .syscalls!.filter((rule) => rule.action === "SCMP_ACT_ALLOW" && !rule.args)
      .flatMap((rule) => rule.names);

  it("refuses what Docker refuses, unless the capability is held", () => {
    const plain = names([]);
    for (const name of [
      "mount",
      "unshare",
      "setns",
      "bpf",
      "keyctl",
      "add_key",
      "io_uring_setup",
      "kexec_load",
      "reboot",
      "clone",
      "userfaultfd",
      "init_module",
      "settimeofday",
    ]) {
      expect(plain, name).not.toContain(name);
    }
    for (const name of ["read", "openat2", "futex", "ptrace", "close_range", "arch_prctl"])
      expect(plain).toContain(name);
    expect(names(["CAP_SYS_ADMIN"])).toEqual(
      expect.arrayContaining(["mount", "clone", "clone3", "setns", "bpf"]),
    );
    expect(names(["CAP_SYS_TIME"])).toContain("settimeofday");
    expect(names([], "arm64")).not.toContain("arch_prctl");
    expect(new Set(plain).size).toBe(plain.length);
  });

  it("lets clone be called without namespaces and clone3 fall back", () => {
    const { syscalls } = defaultSeccomp([], "x64");
    expect(syscalls).toContainEqual({
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    });
    expect(syscalls).toContainEqual({ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 });
    expect(defaultSeccomp([], "x64")).toBe(defaultSeccomp([], "x64"));
  });
});

describe("a profile of somebody's own", () => {
  it("has its conditions decided", () => {
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
      syscalls: [
        { names: ["read"], action: "SCMP_ACT_ALLOW" },
        { names: ["mount"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_ADMIN"] } },
        { names: ["ptrace"], action: "SCMP_ACT_ALLOW", includes: { minKernel: "4.8" } },
        { name: "chmod", action: "SCMP_ACT_ALLOW", excludes: { arches: ["amd64"] } },
      ],
    };
    const subject = { capabilities: [], architecture: "x64", kernelVersion: "6.1.0-13-amd64" };
    const resolved = resolveSeccomp(profile, subject);
    expect(resolved.architectures).toEqual(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]);
    expect(resolved.syscalls?.flatMap((rule) => rule.names)).toEqual(["read", "ptrace"]);
    const old = resolveSeccomp(profile, {
      ...subject,
      capabilities: ["CAP_SYS_ADMIN"],
      kernelVersion: "4.4.0",
    });
    expect(old.syscalls?.flatMap((rule) => rule.names)).toEqual(["read", "mount"]);
  });
});
