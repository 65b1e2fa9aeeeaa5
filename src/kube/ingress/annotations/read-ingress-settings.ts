import type { Ingress } from "../../api/index.ts";
import { AnnotationReader } from "./annotation-reader.ts";
import type { IngressSettings } from "./ingress-settings.ts";
import { readAccess } from "./read-access.ts";
import { readBackendSettings } from "./read-backend-settings.ts";
import { readCanary } from "./read-canary.ts";
import { readCors } from "./read-cors.ts";
import { readRedirects } from "./read-redirects.ts";

/** Configuration of nginx's own language: ingress-nginx takes it only where its administrator allows it. */
const SNIPPETS = [
  "configuration-snippet",
  "server-snippet",
  "stream-snippet",
  "auth-snippet",
  "modsecurity-snippet",
];
/** What keeps requests out, and is not there: without it more would be let in than was meant. */
const GUARDS = [
  "auth-url",
  "auth-tls-secret",
  "auth-tls-verify-client",
  "denylist-source-range",
  "enable-global-auth",
  "enable-modsecurity",
];

/** How nginx does its work: there is nothing to be told where something else does it. */
const OF_NGINX_ALONE = [
  "client-body-buffer-size",
  "enable-rewrite-log",
  "proxy-buffer-size",
  "proxy-buffering",
  "proxy-buffers-number",
  "proxy-busy-buffers-size",
  "proxy-http-version",
  "proxy-max-temp-file-size",
  "proxy-request-buffering",
];

/** Reads the annotations of ingress-nginx. */
export function readIngressSettings(ingress: Ingress): IngressSettings {
  const reader = new AnnotationReader(ingress);
  const rewriteTarget = reader.matching("rewrite-target", /^[^\s{}"';]+$/, "a path");
  const useRegex = reader.flag("use-regex") ?? false;
  const upstreamHost = reader.matching("upstream-vhost", /^[\w.:-]+$/, "a host name");
  const forwardedPrefix = reader.matching("x-forwarded-prefix", /^\/[\w./-]*$/, "a path");
  const cors = readCors(reader);
  const canary = readCanary(reader);
  const read = {
    ...readRedirects(reader),
    ...readBackendSettings(reader),
    ...readAccess(reader),
  };
  const passesThrough = reader.flag("ssl-passthrough") ?? false;
  const refused = refusal(reader);
  for (const name of OF_NGINX_ALONE) reader.text(name);
  tellUnread(reader);
  return {
    useRegex,
    passesThrough,
    ...read,
    ...(rewriteTarget ? { rewriteTarget } : {}),
    ...(upstreamHost ? { upstreamHost } : {}),
    ...(forwardedPrefix ? { forwardedPrefix } : {}),
    ...(cors ? { cors } : {}),
    ...(canary ? { canary } : {}),
    ...(refused ? { refused } : {}),
    problems: reader.problems,
  };
}

function refusal(reader: AnnotationReader): string | undefined {
  const snippet = SNIPPETS.find((name) => reader.text(name) !== undefined);
  if (snippet !== undefined)
    return `${snippet} annotation cannot be used: there is no nginx that could read it`;
  const guard = GUARDS.find((name) => {
    const text = reader.text(name);
    return text !== undefined && !["false", "off"].includes(text);
  });
  if (guard === undefined) return undefined;
  return `${guard} annotation is not implemented, and without it more would be let in than it allows`;
}

function tellUnread(reader: AnnotationReader): void {
  const unread = reader.unread();
  if (unread.length === 0) return;
  reader.problems.push({
    reason: "AnnotationNotSupported",
    message: `annotations that are not implemented have no effect: ${unread.join(", ")}`,
  });
}
