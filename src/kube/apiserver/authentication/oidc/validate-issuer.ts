import { errorMessage } from "../../../../base/index.ts";
import { type GoUrl, parseGoUrl, pemBlocks } from "../../../../formats/index.ts";
import { duplicate, type FieldError, invalid, required } from "../../../api/index.ts";
import type { Issuer } from "./authentication-configuration.ts";

/** `disallowed`: issuers of this server's own tokens (apis/apiserver/validation validateIssuer). */
export function validateIssuer(issuer: Issuer, path: string, disallowed: readonly string[]): FieldError[] {
  const { url = "", discoveryURL = "", certificateAuthority = "" } = issuer;
  return [
    ...(url === ""
      ? [required(`${path}.url`, "URL is required")]
      : urlErrors(url, `${path}.url`, disallowed)),
    ...(discoveryURL === "" ? [] : discoveryErrors(url, discoveryURL, `${path}.discoveryURL`)),
    ...audienceErrors(issuer, path),
    ...authorityErrors(certificateAuthority, `${path}.certificateAuthority`),
  ];
}

const withoutSlashes = (url: string) => url.replace(/\/+$/, "");

function discoveryErrors(url: string, discoveryUrl: string, path: string): FieldError[] {
  const isSame = url !== "" && withoutSlashes(url) === withoutSlashes(discoveryUrl);
  return [
    ...(isSame ? [invalid(path, discoveryUrl, "discoveryURL must be different from URL")] : []),
    ...urlErrors(discoveryUrl, path, []),
  ];
}

function urlErrors(text: string, path: string, disallowed: readonly string[]): FieldError[] {
  const listed = [...disallowed].sort().join(" ");
  const overlap = disallowed.includes(text)
    ? [invalid(path, text, `URL must not overlap with disallowed issuers: [${listed}]`)]
    : [];
  let url: GoUrl;
  try {
    url = parseGoUrl(text);
  } catch (error) {
    return [...overlap, invalid(path, text, errorMessage(error))];
  }
  const problems = [
    url.scheme === "https" ? "" : "URL scheme must be https",
    url.rawUserInfo === undefined ? "" : "URL must not contain a username or password",
    /^[^#]*\?[^#]/.test(text) ? "URL must not contain a query" : "",
    url.fragment === "" ? "" : "URL must not contain a fragment",
  ].filter((problem) => problem !== "");
  return [...overlap, ...problems.map((problem) => invalid(path, text, problem))];
}

function audienceErrors({ audiences = [], audienceMatchPolicy = "" }: Issuer, path: string): FieldError[] {
  const field = `${path}.audiences`;
  if (audiences.length === 0) return [required(field, `at least one ${field} is required`)];
  const ofEach = audiences.flatMap((audience, index) => [
    ...(audience === "" ? [required(`${field}[${index}]`, "audience can't be empty")] : []),
    ...(audiences.indexOf(audience) < index ? [duplicate(`${field}[${index}]`, audience)] : []),
  ]);
  const policyError = (detail: string) => [
    invalid(`${path}.audienceMatchPolicy`, audienceMatchPolicy, detail),
  ];
  const isAny = audienceMatchPolicy === "MatchAny";
  if (audiences.length > 1 && !isAny)
    return [...ofEach, ...policyError("audienceMatchPolicy must be MatchAny for multiple audiences")];
  if (audiences.length === 1 && audienceMatchPolicy !== "" && !isAny)
    return [...ofEach, ...policyError("audienceMatchPolicy must be empty or MatchAny for single audience")];
  return ofEach;
}

function authorityErrors(pem: string, path: string): FieldError[] {
  if (pem === "" || pemBlocks(pem).some(({ label }) => label === "CERTIFICATE")) return [];
  const detail = "data does not contain any valid RSA or ECDSA certificates";
  return [invalid(path, "<omitted>", detail)];
}
