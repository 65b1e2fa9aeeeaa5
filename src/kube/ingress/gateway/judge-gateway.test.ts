import { describe, expect, it } from "vitest";
import { certificatePair } from "../testing/certificate-pair.ts";
import { type GatewayWorldObjects, gateway, gatewayLookup, grant } from "../testing/gateway-objects.ts";
import { secret } from "../testing/objects.ts";
import type { Gateway, GatewayListener } from "./gateway-types.ts";
import { judgeGateway } from "./judge-gateway.ts";

const pair = certificatePair("a.example");
const tlsSecret = secret("tls", { "tls.crt": pair.cert, "tls.key": pair.key });
const foreign = { ...tlsSecret, metadata: { ...tlsSecret.metadata, namespace: "other" } };
const https = (certificateRefs: object[] = [{ name: "tls" }]): Partial<GatewayListener> => ({
  port: 443,
  protocol: "HTTPS",
  tls: { certificateRefs: certificateRefs as never },
});

function judge(one: Gateway, objects: GatewayWorldObjects = {}, uses: Record<number, "http" | "TLS"> = {}) {
  return judgeGateway(one, {
    lookup: gatewayLookup(objects),
    transportAt: (port) => uses[port],
    addresses: ["192.0.2.1"],
  });
}

/** `Accepted`, or the types and reasons of what is not well. */
function verdictsOf(one: Gateway, objects?: GatewayWorldObjects, uses?: Record<number, "http" | "TLS">) {
  return judge(one, objects, uses).listeners.map(({ verdicts, key }) => {
    const bad = verdicts.filter(({ type, status }) =>
      type === "Conflicted" ? status === "True" : status === "False",
    );
    return `${key ? `${key.protocol} ${key.port}` : "-"} ${bad.map(({ type, reason }) => `${type}:${reason}`).join(" ")}`.trim();
  });
}

describe("listeners of a Gateway", () => {
  it.each<
    [name: string, listeners: Partial<GatewayListener>[], objects: GatewayWorldObjects, verdicts: string[]]
  >([
    ["HTTP", [{}], {}, ["http 80"]],
    ["HTTPS with a certificate", [https()], { secrets: [tlsSecret] }, ["https 443"]],
    [
      "TLS passed through",
      [{ protocol: "TLS", port: 443, tls: { mode: "Passthrough" } }],
      {},
      ["passthrough 443"],
    ],
    [
      "several hosts of a port",
      [{ hostname: "a.example" }, { hostname: "*.example" }, {}],
      {},
      ["http 80", "http 80", "http 80"],
    ],
    ["TCP", [{ protocol: "TCP" }], {}, ["- Accepted:UnsupportedProtocol"]],
    ["TLS that ends here", [{ protocol: "TLS", port: 443 }], {}, ["- Accepted:UnsupportedValue"]],
    ["HTTPS without a certificate", [https([])], {}, ["- ResolvedRefs:InvalidCertificateRef"]],
    ["HTTPS with a Secret that is missing", [https()], {}, ["- ResolvedRefs:InvalidCertificateRef"]],
    [
      "HTTPS with what is no Secret",
      [https([{ kind: "ConfigMap", name: "tls" }])],
      {},
      ["- ResolvedRefs:InvalidCertificateRef"],
    ],
    [
      "HTTPS with a Secret that holds no certificate",
      [https()],
      { secrets: [secret("tls", { "tls.crt": "x", "tls.key": "y" })] },
      ["- ResolvedRefs:InvalidCertificateRef"],
    ],
    [
      "HTTPS with one good certificate of two",
      [https([{ name: "gone" }, { name: "tls" }])],
      { secrets: [tlsSecret] },
      ["https 443 ResolvedRefs:InvalidCertificateRef"],
    ],
    [
      "HTTPS with another namespace's Secret",
      [https([{ name: "tls", namespace: "other" }])],
      { secrets: [foreign] },
      ["- ResolvedRefs:RefNotPermitted"],
    ],
    [
      "the same where a grant allows it",
      [https([{ name: "tls", namespace: "other" }])],
      { secrets: [foreign], grants: [grant(["Gateway", "shop"], ["Secret", "tls"])] },
      ["https 443"],
    ],
    [
      "the same where a grant allows another Secret",
      [https([{ name: "tls", namespace: "other" }])],
      { secrets: [foreign], grants: [grant(["Gateway", "shop"], ["Secret", "another"])] },
      ["- ResolvedRefs:RefNotPermitted"],
    ],
    [
      "kinds of routes that are none",
      [{ allowedRoutes: { kinds: [{ kind: "HTTPRoute" }, { kind: "Toaster" }] } }],
      {},
      ["http 80 ResolvedRefs:InvalidRouteKinds"],
    ],
    [
      "two protocols at a port",
      [{}, { ...https(), port: 80 }],
      { secrets: [tlsSecret] },
      [
        "- Accepted:ProtocolConflict Conflicted:ProtocolConflict",
        "- Accepted:ProtocolConflict Conflicted:ProtocolConflict",
      ],
    ],
    [
      "one name twice",
      [{ hostname: "a.example" }, { hostname: "a.example" }, { hostname: "b.example" }],
      {},
      [
        "- Accepted:HostnameConflict Conflicted:HostnameConflict",
        "- Accepted:HostnameConflict Conflicted:HostnameConflict",
        "http 80",
      ],
    ],
    [
      "TLS that ends here and TLS that does not, at one port",
      [
        { ...https(), hostname: "a.example" },
        { protocol: "TLS", port: 443, hostname: "b.example", tls: { mode: "Passthrough" } },
      ],
      { secrets: [tlsSecret] },
      ["https 443", "passthrough 443"],
    ],
  ])("%s", (_name, listeners, objects, verdicts) => {
    expect(verdictsOf(gateway(listeners), objects)).toEqual(verdicts);
  });

  it("cannot have a port that others use for something else", () => {
    expect(verdictsOf(gateway([{ port: 443 }]), {}, { 443: "TLS" })).toEqual(["- Accepted:PortUnavailable"]);
    expect(verdictsOf(gateway([https()]), { secrets: [tlsSecret] }, { 443: "TLS" })).toEqual(["https 443"]);
  });

  it("take the routes that their protocol has, of which they may choose", () => {
    const kindsOf = (listener: Partial<GatewayListener>) => judge(gateway([listener])).listeners[0]!.kinds;
    expect(kindsOf({})).toEqual(["HTTPRoute", "GRPCRoute"]);
    expect(kindsOf({ allowedRoutes: { kinds: [{ kind: "GRPCRoute" }] } })).toEqual(["GRPCRoute"]);
    expect(kindsOf({ allowedRoutes: { kinds: [{ kind: "Toaster" }] } })).toEqual([]);
    expect(kindsOf({ protocol: "TLS", tls: { mode: "Passthrough" } })).toEqual(["TLSRoute"]);
  });
});

describe("a Gateway", () => {
  it.each<[name: string, one: Gateway, accepted: string]>([
    ["with good listeners", gateway([{}]), "True Accepted"],
    ["with some", gateway([{}, { protocol: "UDP", port: 53 }]), "True ListenersNotValid"],
    ["with none", gateway([{ protocol: "UDP", port: 53 }]), "False ListenersNotValid"],
    ["with this machine's address", gateway([{}], { addresses: [{ value: "192.0.2.1" }] }), "True Accepted"],
    [
      "with another address",
      gateway([{}], { addresses: [{ value: "192.0.2.9" }] }),
      "False UnsupportedAddress",
    ],
    [
      "with a name as address",
      gateway([{}], { addresses: [{ type: "Hostname", value: "a" }] }),
      "False UnsupportedAddress",
    ],
    ["with parameters", gateway([{}], { infrastructure: { parametersRef: {} } }), "False InvalidParameters"],
  ])("%s", (_name, one, accepted) => {
    const { accepted: verdict, listeners } = judge(one);
    expect(`${verdict.status} ${verdict.reason}`).toBe(accepted);
    if (/Address|Parameters/.test(accepted) && verdict.status === "False")
      expect(listeners.every(({ key }) => key === undefined)).toBe(true);
  });
});
