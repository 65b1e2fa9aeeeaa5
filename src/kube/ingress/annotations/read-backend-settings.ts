import type { AnnotationReader } from "./annotation-reader.ts";
import type { IngressSettings } from "./ingress-settings.ts";

const UNITS: Record<string, number> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const COOKIE_NAME = "INGRESSCOOKIE";
const SECONDS = { min: 1, max: 7 * 24 * 3600 };

type BackendSettings = Pick<
  IngressSettings,
  "protocol" | "tls" | "backendSecret" | "maxBodyBytes" | "timeouts" | "sessionCookie" | "denied"
>;

/** How backends are spoken to, with which bounds, and who stays at which of them. */
export function readBackendSettings(reader: AnnotationReader): BackendSettings {
  return {
    ...readProtocol(reader),
    ...readBodySize(reader),
    ...readTimeouts(reader),
    ...readAffinity(reader),
  };
}

function readProtocol(reader: AnnotationReader): BackendSettings {
  const protocol = reader.text("backend-protocol")?.trim().toUpperCase();
  const serverName = reader.matching("proxy-ssl-name", /^[\w.-]+$/, "a host name");
  reader.flag("proxy-ssl-server-name");
  // nginx verifies nothing unless it is told to, and then needs an authority.
  const verify = reader.text("proxy-ssl-verify") === "on";
  const tls = { verify, ...(serverName ? { serverName } : {}) };
  const secret = readSecret(reader);
  switch (protocol) {
    case undefined:
    case "":
      return {};
    case "HTTP":
    case "AUTO_HTTP":
      return { protocol: "auto" };
    case "HTTPS":
    case "GRPCS":
      return { protocol: "https", tls, ...secret };
    case "GRPC":
      return { protocol: "h2c" };
    default:
      reader.tell("backend-protocol", `${protocol} is not implemented`);
      return { denied: `backend protocol ${protocol} is not implemented` };
  }
}

/** `namespace/name`, where only the Ingress' own namespace may stand; or the name alone. */
function readSecret(reader: AnnotationReader): BackendSettings {
  const text = reader.text("proxy-ssl-secret")?.trim();
  if (!text) return {};
  const [name, namespace = reader.namespace] = text.split("/").reverse() as [string, string?];
  if (namespace === reader.namespace) return { backendSecret: name };
  reader.tell("proxy-ssl-secret", "the Secret must be in the Ingress' own namespace");
  return { denied: "what backends are to be shown cannot be had" };
}

function readBodySize(reader: AnnotationReader): BackendSettings {
  const text = reader.matching("proxy-body-size", /^\d{1,12}[kKmMgG]?$/, "a size such as 8m");
  if (text === undefined) return {};
  const [, digits, unit] = /^(\d+)([kmg]?)$/.exec(text.toLowerCase())!;
  const size = Number(digits) * UNITS[unit!]!;
  return size === 0 ? {} : { maxBodyBytes: size };
}

function readTimeouts(reader: AnnotationReader): BackendSettings {
  const read = reader.integer("proxy-read-timeout", SECONDS);
  const connect = reader.integer("proxy-connect-timeout", SECONDS);
  if (read === undefined && connect === undefined) return {};
  return {
    timeouts: {
      ...(read === undefined ? {} : { backendMs: read * 1000 }),
      ...(connect === undefined ? {} : { connectMs: connect * 1000 }),
    },
  };
}

function readAffinity(reader: AnnotationReader): BackendSettings {
  const affinity = reader.text("affinity");
  const name = reader.matching("session-cookie-name", /^[\w-]+$/, "the name of a cookie") || COOKIE_NAME;
  const path = reader.matching("session-cookie-path", /^\/[^\s;,]*$/, "a path");
  const maxAge = reader.integer("session-cookie-max-age", { min: 0, max: 2 ** 31 - 1 });
  const expires = reader.integer("session-cookie-expires", { min: 0, max: 2 ** 31 - 1 });
  if (affinity === undefined) return {};
  if (affinity !== "cookie") {
    reader.tell("affinity", `${JSON.stringify(affinity)} is not valid: it takes cookie`);
    return {};
  }
  const maxAgeSeconds = maxAge ?? expires;
  return {
    sessionCookie: {
      name,
      ...(path ? { path } : {}),
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    },
  };
}
