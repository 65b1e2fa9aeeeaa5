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

type Target = BackendTlsPolicy["spec"]["targetRefs"][number];

const isService = ({ group, kind }: Target) => group === "" && kind === "Service";

/** The policies that a port is under, the one that counts first: one for the port before one for the Service, then the oldest, then the first by name. */
export function policiesFor(
  policies: readonly BackendTlsPolicy[],
  service: string,
  { name: port }: ServicePort,
): BackendTlsPolicy[] {
  const sorted = [...policies].sort(byAge);
  const having = (fits: (sectionName: string | undefined) => boolean) =>
    sorted.filter(({ spec }) =>
      spec.targetRefs.some((one) => isService(one) && one.name === service && fits(one.sectionName)),
    );
  const found = [
    ...having((section) => Boolean(section) && section === port),
    ...having((section) => !section),
  ];
  return [...new Set(found)];
}

/** The older policy that has the same target, where there is one: then the younger one is not in force. */
export function rivalOf(
  policy: BackendTlsPolicy,
  policiesOf: (service: string) => readonly BackendTlsPolicy[],
): BackendTlsPolicy | undefined {
  return policy.spec.targetRefs
    .filter(isService)
    .flatMap((target) =>
      policiesOf(`${policy.metadata.namespace}/${target.name}`).filter(
        (other) =>
          other.metadata.uid !== policy.metadata.uid &&
          byAge(other, policy) < 0 &&
          other.spec.targetRefs.some((one) => isService(one) && isSameTarget(one, target)),
      ),
    )
    .sort(byAge)[0];
}

const isSameTarget = (a: Target, b: Target) =>
  a.name === b.name && (a.sectionName ?? "") === (b.sectionName ?? "");

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
