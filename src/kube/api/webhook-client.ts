import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { errorMessage } from "../../base/index.ts";
import { isDns1123Subdomain, isPortNumber, parseGoUrl } from "../../formats/index.ts";
import { GoLiteral, invalid, required } from "./field-error.ts";
import type { FieldError } from "./types.ts";

const FORM = "; desired format: https://host[/path]";

/** The address of a webhook outside of the cluster (apiserver webhook.ValidateWebhookURL). */
export function validateWebhookUrl(text: string, path: string): FieldError[] {
  let url: ReturnType<typeof parseGoUrl>;
  try {
    url = parseGoUrl(text);
  } catch (error) {
    return [required(path, `url must be a valid URL: ${errorMessage(error)}${FORM}`)];
  }
  const errors: FieldError[] = [];
  if (url.scheme !== "https")
    errors.push(invalid(path, url.scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (url.host === "") errors.push(invalid(path, url.host, `host must be specified${FORM}`));
  if (url.rawUserInfo !== undefined)
    errors.push(invalid(path, url.rawUserInfo, "user information is not permitted in the URL"));
  if (url.fragment !== "") errors.push(invalid(path, url.fragment, "fragments are not permitted in the URL"));
  if (url.rawQuery !== "")
    errors.push(invalid(path, url.rawQuery, "query parameters are not permitted in the URL"));
  return errors;
}

interface ServiceReference {
  name?: string;
  namespace?: string;
  path?: string;
  port?: number;
}

/** The Service behind which a webhook is (webhook.ValidateWebhookService). */
export function validateWebhookService(
  { name, namespace, path: urlPath, port = 0 }: ServiceReference,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${path}.name`, "service name is required"));
  if (!namespace) errors.push(required(`${path}.namespace`, "service namespace is required"));
  const problems = isPortNumber(port);
  if (problems.length > 0)
    errors.push(invalid(`${path}.port`, port, `port is not valid: ${problems.join(", ")}`));
  return urlPath === undefined ? errors : [...errors, ...validateServicePath(urlPath, `${path}.path`)];
}

function validateServicePath(urlPath: string, path: string): FieldError[] {
  if (urlPath === "/" || urlPath === "") return [];
  if (urlPath === "//") return [invalid(path, urlPath, "segment[0] may not be empty")];
  const errors = urlPath.startsWith("/") ? [] : [invalid(path, urlPath, "must start with a '/'")];
  const segments = urlPath.slice(1).replace(/\/$/, "").split("/");
  segments.forEach((segment, index) => {
    const at = `segment[${index}]`;
    if (segment === "") errors.push(invalid(path, urlPath, `${at} may not be empty`));
    else for (const why of isDns1123Subdomain(segment)) errors.push(invalid(path, urlPath, `${at}: ${why}`));
  });
  return errors;
}

/** Certificates in base64 of PEM (webhook.ValidateCABundle); an empty bundle is none, and fine. */
export function validateCaBundle(base64: string, path: string): FieldError[] {
  if (base64 === "") return [];
  const bytes = Buffer.from(base64, "base64");
  const problem = bundleProblem(bytes.toString("latin1"));
  if (problem === undefined) return [];
  const shown = new GoLiteral(`[]uint8{${[...bytes].map((byte) => `0x${byte.toString(16)}`).join(", ")}}`);
  return [invalid(path, shown, `unable to load root certificates: ${problem}`)];
}

const BLOCK = /-----BEGIN ([^-\r\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

function bundleProblem(text: string): string | undefined {
  const blocks = [...text.matchAll(BLOCK)];
  const certificates = blocks.filter(([, type, body]) => type === "CERTIFICATE" && !body!.includes(":"));
  const problems = certificates.map(([block]) => certificateProblem(block));
  if (problems.includes(undefined)) return undefined;
  if (problems.length > 0) return `failed to parse certificate: ${problems[0]}`;
  return "unable to parse bytes as PEM block";
}

function certificateProblem(pem: string): string | undefined {
  try {
    new X509Certificate(pem);
    return undefined;
  } catch (error) {
    return `x509: ${errorMessage(error)}`;
  }
}
