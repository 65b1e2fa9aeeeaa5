import type { CertificateRequest } from "../../../formats/index.ts";

const USAGES = {
  client: ["digital signature", "key encipherment", "client auth"],
  serving: ["digital signature", "key encipherment", "server auth"],
};
/** Only keys of RSA encipher other keys. */
const OPTIONAL = "key encipherment";
const NOT_IN_CLIENT = { dns: "DNS", email: "Email", ip: "IP", uri: "URI" };
const NOT_IN_SERVING = { email: "Email", uri: "URI" };

/** What keeps a request from being one of a kubelet for its client certificate (apis/certificates' ValidateKubeletClientCSR). */
export function kubeletClientProblem(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  return (
    organizationProblem(request) ??
    forbiddenName(request, NOT_IN_CLIENT) ??
    commonNameProblem(request) ??
    usagesProblem(usages, "client")
  );
}

/** The same of the certificate by which a kubelet serves (ValidateKubeletServingCSR). */
export function kubeletServingProblem(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  return (
    organizationProblem(request) ??
    (hasName(request, "dns") || hasName(request, "ip")
      ? undefined
      : "DNS or IP subjectAltName is required") ??
    forbiddenName(request, NOT_IN_SERVING) ??
    usagesProblem(usages, "serving") ??
    commonNameProblem(request)
  );
}

function organizationProblem({ subject: { organizations } }: CertificateRequest): string | undefined {
  const isNode = organizations.length === 1 && organizations[0] === "system:nodes";
  return isNode ? undefined : "subject organization is not system:nodes";
}

function commonNameProblem({ subject }: CertificateRequest): string | undefined {
  return subject.commonName.startsWith("system:node:")
    ? undefined
    : "subject common name does not begin with system:node:";
}

const hasName = ({ alternativeNames }: CertificateRequest, wanted: string): boolean =>
  alternativeNames.some(({ type }) => type === wanted);

function forbiddenName(request: CertificateRequest, forbidden: Record<string, string>): string | undefined {
  const found = Object.keys(forbidden).find((type) => hasName(request, type));
  return found === undefined ? undefined : `${forbidden[found]} subjectAltNames are not allowed`;
}

function usagesProblem(usages: readonly string[], part: keyof typeof USAGES): string | undefined {
  const wanted = USAGES[part].filter((usage) => usage !== OPTIONAL);
  const given = new Set(usages.filter((usage) => usage !== OPTIONAL));
  if (given.size === wanted.length && wanted.every((usage) => given.has(usage))) return undefined;
  return `usages did not match [${[...USAGES[part]].sort().join(" ")}]`;
}
