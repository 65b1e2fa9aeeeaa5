import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { changeSetElements, inNetworkNamespace, nft, pinNamespaces, unpinNamespaces } from "./index.ts";

let dir: string;
let netns: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-elements-"));
  netns = pinNamespaces(dir, ["net"]).net;
});

afterEach(() => {
  unpinNamespaces(dir);
  rmSync(dir, { recursive: true, force: true });
});

const inside = <T>(fn: () => T): T => inNetworkNamespace(netns, fn);
const TABLE = `table inet t {
  chain target { }
  set four { type ipv4_addr; }
  set six { type ipv6_addr . inet_service; }
  map verdicts { type ipv4_addr : verdict; }
}`;
const elements = (kind: "set" | "map", name: string) =>
  /elements = \{([^}]*)\}/
    .exec(nft(`list ${kind} inet t ${name}`))?.[1]
    ?.split(",")
    .map((one) => one.trim())
    .sort();

it("adds and removes elements as nft does", () => {
  inside(() => {
    nft(TABLE);
    changeSetElements("inet", "t", [
      { verb: "add", set: "four", elements: [{ key: ["10.0.0.1"] }, { key: ["10.0.0.2"] }] },
      { verb: "add", set: "six", elements: [{ key: ["fd00::1", "80"] }, { key: ["fd00::2", "65535"] }] },
      { verb: "add", set: "verdicts", elements: [{ key: ["10.0.0.1"], goto: "target" }] },
    ]);
    expect(elements("set", "four")).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(elements("set", "six")).toEqual(["fd00::1 . 80", "fd00::2 . 65535"]);
    expect(elements("map", "verdicts")).toEqual(["10.0.0.1 : goto target"]);
    nft("delete element inet t four { 10.0.0.1 }");
    changeSetElements("inet", "t", [
      { verb: "delete", set: "verdicts", elements: [{ key: ["10.0.0.1"] }] },
      {
        verb: "add",
        set: "verdicts",
        elements: [
          { key: ["10.0.0.1"], goto: "target" },
          { key: ["10.0.0.3"], goto: "target" },
        ],
      },
      { verb: "delete", set: "four", elements: [{ key: ["10.0.0.2"] }] },
    ]);
    expect(elements("set", "four")).toBeUndefined();
    expect(elements("map", "verdicts")).toEqual(["10.0.0.1 : goto target", "10.0.0.3 : goto target"]);
  });
});

it("makes all changes or none", () => {
  inside(() => {
    nft(TABLE);
    const changes = [
      { verb: "add", set: "four", elements: [{ key: ["10.0.0.1"] }] },
      { verb: "delete", set: "four", elements: [{ key: ["10.9.9.9"] }] },
    ] as const;
    expect(() => changeSetElements("inet", "t", changes)).toThrow(/change the sets of t.*ENOENT/);
    expect(elements("set", "four")).toBeUndefined();
    // The next one does not take the former's answer for its own.
    changeSetElements("inet", "t", [changes[0]]);
    expect(elements("set", "four")).toEqual(["10.0.0.1"]);
  });
});

it("tells of a table and of a chain that are not there", () => {
  inside(() => {
    nft(TABLE);
    const add = (set: string, goto?: string) => [
      { verb: "add" as const, set, elements: [{ key: ["10.0.0.1"], goto }] },
    ];
    expect(() => changeSetElements("inet", "other", add("four"))).toThrow(/ENOENT/);
    expect(() => changeSetElements("inet", "t", add("verdicts", "nowhere"))).toThrow(/ENOENT/);
  });
});

it("takes a few hundred at once", () => {
  inside(() => {
    nft(TABLE);
    const many = Array.from({ length: 256 }, (_, index) => ({
      key: [`fd00:1111:2222:3333:4444:5555:6666:${index}`, "80"],
    }));
    changeSetElements("inet", "t", [{ verb: "add", set: "six", elements: many }]);
    expect(elements("set", "six")).toHaveLength(256);
    const verdicts = Array.from({ length: 256 }, (_, index) => ({
      key: [`10.0.1.${index}`],
      goto: "target",
    }));
    changeSetElements("inet", "t", [{ verb: "add", set: "verdicts", elements: verdicts }]);
    expect(elements("map", "verdicts")).toHaveLength(256);
  });
});
