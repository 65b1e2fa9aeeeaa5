import { X509Certificate } from "node:crypto";
import type { Backend } from "../../../reverse-proxy/index.ts";
import type { ServicePort } from "../../api/index.ts";
import { type Verdict, verdict } from "./conditions.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type { BackendTlsPolicy } from "./gateway-types.ts";

export interface JudgedPolicy {
  /** Absent: it cannot be kept, and what it is for must not be reached without it. */
  readonly tls?: NonNullable<Backend["tls"]>;
  readonly verdicts: readonly Verdict[];
}

/** Of several policies for a port: one for the port before one for the Service, then the oldest, then the first by name. */
export function policyFor(
  policies: readonly BackendTlsPolicy[],
  service: string,
  { name }: ServicePort,
): BackendTlsPolicy | undefined {
  const targets = (one: BackendTlsPolicy) =>
    one.spec.targetRefs.filter(
      ({ group, kind, name: target }) => group === "" && kind === "Service" && target === service,
    );
  const forPort = policies.filter((one) =>
    targets(one).some(({ sectionName }) => sectionName === name && name),
  );
  const forService = policies.filter((one) => targets(one).some(({ sectionName }) => !sectionName));
  return [forPort, forService].flatMap((group) => [...group].sort(byAge))[0];
}

/** Whether a policy can be kept. */
export function judgePolicy(
  { metadata, spec }: BackendTlsPolicy,
  lookup: Pick<GatewayLookup, "configMap">,
): JudgedPolicy {
  const { validation } = spec;
  const {
    hostname: serverName,
    caCertificateRefs = [],
    wellKnownCACertificates,
    subjectAltNames,
  } = validation;
  const accepted = verdict("Accepted", true, "Accepted", "the policy is accepted");
  const resolved = verdict("ResolvedRefs", true, "ResolvedRefs", "all references are resolved");
  const invalid = (message: string) => ({
    verdicts: [verdict("Accepted", false, "Invalid", message), resolved],
  });
  if (subjectAltNames && subjectAltNames.length > 0) return invalid("subjectAltNames are not implemented");
  if (caCertificateRefs.length === 0) {
    if (wellKnownCACertificates !== "System") return invalid("it names no authority");
    return { tls: { serverName, verify: true }, verdicts: [accepted, resolved] };
  }
  const found = caCertificateRefs.map((reference) => authority(metadata.namespace!, reference, lookup));
  const wrong = found.find((one) => "reason" in one);
  const good = found.flatMap((one) => ("ca" in one ? one.ca : []));
  const refs = wrong ? verdict("ResolvedRefs", false, wrong.reason, wrong.message) : resolved;
  if (good.length === 0) {
    const message = "no authority that it names can be used";
    return { verdicts: [verdict("Accepted", false, "NoValidCACertificate", message), refs] };
  }
  return { tls: { serverName, verify: true, ca: good.join("\n") }, verdicts: [accepted, refs] };
}

function authority(
  namespace: string,
  { group, kind, name }: { group: string; kind: string; name: string },
  lookup: Pick<GatewayLookup, "configMap">,
): { ca: string } | { reason: string; message: string } {
  if (group !== "" || kind !== "ConfigMap")
    return { reason: "InvalidKind", message: `${kind} ${name} is no ConfigMap` };
  const ca = lookup.configMap(`${namespace}/${name}`)?.data?.["ca.crt"];
  const refuse = (message: string) => ({ reason: "InvalidCACertificateRef", message });
  if (ca === undefined) return refuse(`there is no ConfigMap ${namespace}/${name} with ca.crt`);
  try {
    new X509Certificate(ca);
    return { ca };
  } catch {
    return refuse(`ca.crt of ConfigMap ${namespace}/${name} is no certificate`);
  }
}

function byAge(a: BackendTlsPolicy, b: BackendTlsPolicy): number {
  const ms = ({ metadata }: BackendTlsPolicy) => Date.parse(metadata.creationTimestamp ?? "") || 0;
  return ms(a) - ms(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}
