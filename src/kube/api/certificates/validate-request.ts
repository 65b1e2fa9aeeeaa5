import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { DerError, pemBlocks } from "../../../formats/index.ts";
import { duplicate, invalid, notSupported, required } from "../field-error.ts";
import type { CertificateSigningRequest } from "../generated/types.ts";
import { goBytes } from "../go-value.ts";
import { validateSignerName } from "../meta/signer-name.ts";
import type { FieldError } from "../types.ts";
import { conditionsOf } from "./conditions.ts";
import { readCertificateRequest } from "./read-request.ts";

type Request = CertificateSigningRequest;

const USAGES = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];
const LEGACY_SIGNER = "kubernetes.io/legacy-unknown";
const MIN_EXPIRATION_SECONDS = 600;

/** What was wrong before an update is let be. */
export function validateRequest(request: Request, previous?: Request): FieldError[] {
  const { spec } = request;
  const errors: FieldError[] = [];
  const problem = requestProblem(spec.request);
  if (problem !== undefined) errors.push(invalid("spec.request", goBytes(spec.request), problem));
  errors.push(...validateUsages(spec.usages ?? [], previous?.spec.usages ?? []));
  errors.push(...validateSigner(spec.signerName, previous?.spec.signerName));
  const { expirationSeconds = MIN_EXPIRATION_SECONDS } = spec;
  if (expirationSeconds < MIN_EXPIRATION_SECONDS) {
    const why = "may not specify a duration less than 600 seconds (10 minutes)";
    errors.push(invalid("spec.expirationSeconds", expirationSeconds, why));
  }
  return [...errors, ...validateConditions(request, previous), ...validateCertificate(request, previous)];
}

function requestProblem(base64: string | null): string | undefined {
  try {
    return readCertificateRequest(base64).signatureProblem();
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
}

const repeats = <T>(list: readonly T[]) => new Set(list).size < list.length;

function validateUsages(usages: readonly string[], before: readonly string[]): FieldError[] {
  const path = (index: number) => `spec.usages[${index}]`;
  const unknown = before.every((usage) => USAGES.includes(usage))
    ? usages.flatMap((usage, index) =>
        USAGES.includes(usage) ? [] : [notSupported(path(index), usage, USAGES)],
      )
    : [];
  const doubled = repeats(before)
    ? []
    : usages.flatMap((usage, index) =>
        usages.indexOf(usage) < index ? [duplicate(path(index), usage)] : [],
      );
  return [...(usages.length === 0 ? [required("spec.usages")] : []), ...unknown, ...doubled];
}

function validateSigner(signerName: string, before: string | undefined): FieldError[] {
  const path = "spec.signerName";
  if (signerName !== LEGACY_SIGNER || before === LEGACY_SIGNER) return validateSignerName(signerName, path);
  return [invalid(path, signerName, "the legacy signerName is not allowed via this API version")];
}

const TRUE_ONLY_TYPES = ["Approved", "Denied", "Failed"];

function validateConditions(request: Request, previous: Request | undefined): FieldError[] {
  const before = conditionsOf(previous).map(({ type }) => type);
  const isDecidedTwice = before.includes("Approved") && before.includes("Denied");
  const types: string[] = [];
  return conditionsOf(request).flatMap(({ type = "", status = "" }, index) => {
    const path = `status.conditions[${index}]`;
    const errors = type === "" && !before.includes("") ? [required(`${path}.type`)] : [];
    errors.push(...validateConditionStatus(type, status, `${path}.status`));
    const opposite = { Approved: "Denied", Denied: "Approved" }[type];
    if (!isDecidedTwice && opposite !== undefined && types.includes(opposite)) {
      const why = "Approved and Denied conditions are mutually exclusive";
      errors.push(invalid(`${path}.type`, type, why));
    }
    if (!repeats(before) && types.includes(type)) errors.push(duplicate(`${path}.type`, type));
    types.push(type);
    return errors;
  });
}

function validateConditionStatus(type: string, status: string, path: string): FieldError[] {
  const allowed = TRUE_ONLY_TYPES.includes(type) ? ["True"] : ["False", "True", "Unknown"];
  if (status === "") return [required(path)];
  return allowed.includes(status) ? [] : [notSupported(path, status, allowed)];
}

function validateCertificate(request: Request, previous: Request | undefined): FieldError[] {
  const { certificate = "" } = request.status ?? {};
  const before = previous?.status?.certificate ?? "";
  if (previous !== undefined && certificate === before) return [];
  const problem = certificateProblem(certificate);
  if (problem === undefined || certificateProblem(before) !== undefined) return [];
  return [invalid("status.certificate", "<certificate data>", problem)];
}

/** Blocks of certificates without headers; what stands around them does not matter. */
function certificateProblem(base64: string): string | undefined {
  if (base64 === "") return undefined;
  const blocks = pemBlocks(Buffer.from(base64, "base64").toString("latin1"));
  for (const { label, headers, bytes } of blocks) {
    if (label !== "CERTIFICATE")
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
    if (Object.keys(headers).length > 0) return "no PEM block headers are permitted";
    if (bytes.length === 0) return "found CERTIFICATE PEM block containing 0 certificates";
    if (!isCertificate(bytes)) return "x509: malformed certificate";
  }
  return blocks.length === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined;
}

function isCertificate(bytes: Buffer): boolean {
  try {
    return new X509Certificate(bytes).raw.length > 0;
  } catch {
    return false;
  }
}
