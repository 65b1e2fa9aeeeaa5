import { describe, expect, it } from "vitest";
import type { ConfigMap } from "../../api/index.ts";
import { certificatePair } from "../testing/certificate-pair.ts";
import { gatewayLookup, tlsPolicy } from "../testing/gateway-objects.ts";
import { judgePolicy, policiesFor, rivalOf } from "./backend-tls.ts";
import type { BackendTlsPolicy } from "./gateway-types.ts";

const port = { name: "https", port: 443 };

function policy(name: string, createdAt: string, sectionName?: string): BackendTlsPolicy {
  const one = tlsPolicy("web", { hostname: "web.example", wellKnownCACertificates: "System" });
  const [target] = one.spec.targetRefs;
  return {
    ...one,
    metadata: { ...one.metadata, name, uid: name, creationTimestamp: createdAt },
    spec: { ...one.spec, targetRefs: [{ ...target!, ...(sectionName ? { sectionName } : {}) }] },
  };
}

const old = policy("old", "2026-01-01T00:00:00Z");
const young = policy("young", "2026-01-02T00:00:00Z");
const ofPort = policy("port", "2026-01-03T00:00:00Z", "https");
const ofOther = policy("other", "2026-01-03T00:00:00Z", "http");
const twin = policy("a-twin", "2026-01-01T00:00:00Z");

describe("the policies that a port is under", () => {
  it.each<[policies: BackendTlsPolicy[], names: string[]]>([
    [[], []],
    [
      [young, old],
      ["old", "young"],
    ],
    [
      [old, twin],
      ["a-twin", "old"],
    ],
    [
      [old, ofPort],
      ["port", "old"],
    ],
    [[ofOther], []],
  ])("%#", (policies, names) => {
    expect(policiesFor(policies, "web", port).map(({ metadata }) => metadata.name)).toEqual(names);
  });

  it("are in conflict where they have the same target", () => {
    const rival = (one: BackendTlsPolicy) => rivalOf(one, () => [young, old, ofPort, ofOther])?.metadata.name;
    expect([old, young, ofPort].map(rival)).toEqual([undefined, "old", undefined]);
  });
});

describe("a policy", () => {
  const { cert } = certificatePair("ca");
  const configMap = (data: Record<string, string>) =>
    ({ metadata: { namespace: "shop", name: "ca" }, data }) as unknown as ConfigMap;
  const reference = { group: "", kind: "ConfigMap", name: "ca" };
  type Validation = BackendTlsPolicy["spec"]["validation"];
  it.each<
    [name: string, validation: Partial<Validation>, maps: ConfigMap[], accepted: string, resolved: string]
  >([
    [
      "with an authority",
      { caCertificateRefs: [reference] },
      [configMap({ "ca.crt": cert })],
      "Accepted",
      "ResolvedRefs",
    ],
    ["with the system's", { wellKnownCACertificates: "System" }, [], "Accepted", "ResolvedRefs"],
    ["with others", { wellKnownCACertificates: "Mine" }, [], "Invalid", "ResolvedRefs"],
    [
      "with names of the certificate",
      { wellKnownCACertificates: "System", subjectAltNames: [{}] },
      [],
      "Invalid",
      "ResolvedRefs",
    ],
    ["with none", { caCertificateRefs: [reference] }, [], "NoValidCACertificate", "InvalidCACertificateRef"],
    [
      "with what is none",
      { caCertificateRefs: [reference] },
      [configMap({ "ca.crt": "x" })],
      "NoValidCACertificate",
      "InvalidCACertificateRef",
    ],
    [
      "with what is no ConfigMap",
      { caCertificateRefs: [{ ...reference, kind: "Secret" }] },
      [],
      "NoValidCACertificate",
      "InvalidKind",
    ],
    [
      "with one good authority of two",
      { caCertificateRefs: [reference, { ...reference, name: "gone" }] },
      [configMap({ "ca.crt": cert })],
      "Accepted",
      "InvalidCACertificateRef",
    ],
  ])("%s", (_name, validation, configMaps, accepted, resolved) => {
    const one = tlsPolicy("web", { hostname: "web.example", ...validation });
    const { verdicts, tls } = judgePolicy(one, gatewayLookup({ configMaps }));
    expect(verdicts.map(({ reason }) => reason)).toEqual([accepted, resolved]);
    expect(tls !== undefined).toBe(accepted === "Accepted");
  });
});
