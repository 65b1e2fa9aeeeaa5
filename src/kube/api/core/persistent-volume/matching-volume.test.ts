import { describe, expect, it } from "vitest";
import type { PersistentVolume, PersistentVolumeClaim } from "../../generated/types.ts";
import { findMatchingVolume, type MatchOptions } from "./matching-volume.ts";

type Fields = Record<string, unknown>;

function volume(name: string, spec: Fields = {}, rest: { labels?: object; phase?: string } = {}) {
  return {
    metadata: { name, labels: rest.labels },
    spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "5Gi" }, ...spec },
    status: { phase: rest.phase ?? "Available" },
  } as unknown as PersistentVolume;
}

function claim(spec: Fields = {}) {
  return {
    metadata: { namespace: "ns", name: "c", uid: "u1" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } }, ...spec },
  } as unknown as PersistentVolumeClaim;
}

const near = { metadata: { name: "n1", labels: { zone: "a" } } } as unknown as NonNullable<
  MatchOptions["node"]
>;
const inZone = (zone: string) => ({
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: [zone] }] }],
  },
});
const reservedFor = (name: string, uid?: string) => ({ claimRef: { namespace: "ns", name, uid } });
const modes = (...accessModes: string[]) => ({ accessModes });
const size = (storage: string) => ({ capacity: { storage } });

interface Case {
  what: string;
  claim?: Fields;
  volumes: PersistentVolume[];
  options?: MatchOptions;
  found: string | undefined;
}

const CASES: Case[] = [
  {
    what: "the smallest that is big enough",
    volumes: [volume("big"), volume("exact", size("2Gi")), volume("small", size("1Gi"))],
    found: "exact",
  },
  {
    what: "the fewest access modes before the smallest size",
    volumes: [volume("few"), volume("many", { ...modes("ReadWriteOnce", "ReadOnlyMany"), ...size("2Gi") })],
    found: "few",
  },
  {
    what: "only size counts where a node chooses",
    volumes: [volume("few"), volume("many", { ...modes("ReadWriteOnce", "ReadOnlyMany"), ...size("2Gi") })],
    options: { node: near },
    found: "many",
  },
  {
    what: "no volume that lacks a mode",
    claim: modes("ReadWriteOnce", "ReadWriteMany"),
    volumes: [volume("once"), volume("read", modes("ReadWriteMany", "ReadOnlyMany"))],
    found: undefined,
  },
  {
    what: "only the class that is asked for",
    claim: { storageClassName: "fast" },
    volumes: [volume("none"), volume("slow", { storageClassName: "slow" })],
    found: undefined,
  },
  {
    what: "none of a class where none is asked for",
    claim: { storageClassName: "" },
    volumes: [volume("fast", { storageClassName: "fast" }), volume("plain")],
    found: "plain",
  },
  {
    what: "the same volume mode",
    claim: { volumeMode: "Block" },
    volumes: [volume("files")],
    found: undefined,
  },
  {
    what: "labels",
    claim: { selector: { matchLabels: { tier: "gold" } } },
    volumes: [
      volume("lead", {}, { labels: { tier: "lead" } }),
      volume("gold", {}, { labels: { tier: "gold" } }),
    ],
    found: "gold",
  },
  {
    what: "only what is available",
    volumes: ["Pending", "Released", "Failed"].map((phase) => volume(phase, {}, { phase })),
    found: undefined,
  },
  {
    what: "what is reserved for it, whatever its class, phase and size above",
    volumes: [
      volume("exact", size("2Gi")),
      volume("own", { ...reservedFor("c"), storageClassName: "x" }, { phase: "Pending" }),
    ],
    found: "own",
  },
  {
    what: "what is reserved, but too small",
    volumes: [volume("own", { ...reservedFor("c"), ...size("1Gi") })],
    found: undefined,
  },
  {
    what: "not what is reserved for a claim before it",
    volumes: [volume("old", reservedFor("c", "u0"))],
    found: undefined,
  },
  {
    what: "not what is reserved for another",
    volumes: [volume("other", reservedFor("d"))],
    found: undefined,
  },
  {
    what: "nothing but the reserved while a node is to choose",
    volumes: [volume("free"), volume("own", reservedFor("c"))],
    options: { isDelayed: true },
    found: "own",
  },
  {
    what: "nothing free while a node is to choose",
    volumes: [volume("free")],
    options: { isDelayed: true },
    found: undefined,
  },
  {
    what: "what the node reaches",
    volumes: [
      volume("far", { nodeAffinity: inZone("b"), ...size("2Gi") }),
      volume("near", { nodeAffinity: inZone("a") }),
    ],
    options: { node: near, isDelayed: true },
    found: "near",
  },
  {
    what: "nothing where the node does not reach the reserved one",
    volumes: [volume("free"), volume("own", { ...reservedFor("c"), nodeAffinity: inZone("b") })],
    options: { node: near },
    found: undefined,
  },
  {
    what: "not what others have taken",
    volumes: [volume("taken"), volume("other")],
    options: { isTaken: ({ metadata }) => metadata.name === "taken" },
    found: "other",
  },
];

describe("the volume for a claim", () => {
  it.each(CASES)("is: $what", ({ claim: spec, volumes, options, found }) => {
    expect(findMatchingVolume(claim(spec), volumes, options)?.metadata.name).toBe(found);
  });

  it("is none that is being deleted", () => {
    const leaving = volume("own", reservedFor("c"));
    leaving.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    expect(findMatchingVolume(claim(), [leaving])).toBeUndefined();
  });
});
