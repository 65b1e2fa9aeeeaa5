import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { inNetworkNamespace, nft, pinNamespaces, unpinNamespaces } from "../kernel/index.ts";
import { closeForwardGate, ForwardGate } from "./forward-gate.ts";

let dir: string;
let netns: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-gate-"));
  netns = pinNamespaces(dir, ["net"]).net;
});

afterEach(() => {
  unpinNamespaces(dir);
  rmSync(dir, { recursive: true, force: true });
});

/** What the host's firewall holds after the gate has been opened so often, and what it found. */
function opened(ruleset: string, times = 1): { text: string; findings: readonly unknown[]; closed: string } {
  return inNetworkNamespace(netns, () => {
    if (ruleset !== "") nft(ruleset);
    const gate = new ForwardGate({ instanceId: "0a0b0c", logger: silentLogger });
    for (let time = 0; time < times; time++) gate.open();
    const text = nft("list ruleset");
    gate.close();
    closeForwardGate("0a0b0c");
    return { text, findings: gate.findings, closed: nft("list ruleset") };
  });
}

const iptables = (policy: string, rules = "") =>
  `table ip filter {\nchain FORWARD {\ntype filter hook forward priority 0; policy ${policy};\n${rules}\n}\n}`;
const OWN = [
  'iifname "gt0a0b0c*" counter packets 0 bytes 0 accept',
  'oifname "gt0a0b0c*" counter packets 0 bytes 0 accept',
];
const linesOf = (text: string) => text.split("\n").map((line) => line.trim());

it("adds to a chain of iptables whose policy is drop, once, behind what stands there, and takes it out again", () => {
  const { text, findings, closed } = opened(iptables("drop", 'iifname "eth9" drop'), 3);
  expect(findings).toEqual([]);
  const rules = linesOf(text).slice(3, -3);
  expect(rules).toEqual(['iifname "eth9" drop', ...OWN]);
  expect(linesOf(closed)).toContain('iifname "eth9" drop');
  expect(closed).not.toContain("gt0a0b0c");
});

it("leaves a firewall alone that lets packets pass", () => {
  for (const rules of ["", iptables("accept"), iptables("accept", 'iifname "eth9" drop')]) {
    const { text, findings } = opened(rules === "" ? rules : `flush ruleset\n${rules}`);
    expect([text.includes("gt0a0b0c"), findings]).toEqual([false, []]);
  }
});

it("tells once of what stays as it is", () => {
  const told: unknown[] = [];
  const logger = { ...silentLogger, warn: (...args: unknown[]) => void told.push(args) };
  const cut = "table inet own {\nchain forward {\ntype filter hook forward priority 0; policy drop;\n}\n}";
  inNetworkNamespace(netns, () => {
    nft(cut);
    const gate = new ForwardGate({ instanceId: "0a0b0c", logger });
    for (let time = 0; time < 3; time++) gate.open();
    expect(told).toEqual([
      [
        "the host's firewall drops what containers send",
        { chain: "inet own forward", why: "its policy is drop" },
      ],
    ]);
    nft("flush ruleset");
    gate.open();
    nft(cut);
    gate.open();
    expect(told).toHaveLength(2);
  });
});

it("tells of what it does not touch", () => {
  const { text, findings } = opened(`
    table inet firewalld {
      chain filter_FORWARD { type filter hook forward priority 10; policy drop; }
    }
    table inet own {
      chain forward {
        type filter hook forward priority 0; policy accept;
        ct state established accept
        counter reject
      }
    }
    table ip gantry_ffffff {
      chain forward {
        type filter hook forward priority 0; policy accept;
        drop
      }
    }
    table ip6 filter {
      chain FORWARD { type filter hook forward priority 0; policy drop; }
    }
    ${iptables("drop", 'iifname "eth9" accept\nlog prefix "no: " counter drop')}`);
  expect(text).not.toContain("gt0a0b0c");
  expect(findings).toEqual([
    { chain: "inet firewalld filter_FORWARD", why: "its policy is drop" },
    { chain: "inet own forward", why: "its last rule drops or rejects the rest" },
    { chain: "ip filter FORWARD", why: "its last rule drops or rejects the rest" },
  ]);
});
