import type { AnnotationReader } from "./annotation-reader.ts";
import type { CorsFilter } from "./ingress-settings.ts";

// What ingress-nginx answers where nothing else is said.
const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
const HEADERS =
  "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization".split(
    ",",
  );
const MAX_AGE_SECONDS = 1_728_000;

const ORIGIN = /^(\*|null|[a-z][a-z0-9+.-]*:\/\/(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?)$/;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** `enable-cors` and its family. */
export function readCors(reader: AnnotationReader): CorsFilter | undefined {
  const isEnabled = reader.flag("enable-cors") ?? false;
  const origins = reader.list("cors-allow-origin", ORIGIN, "origins such as https://*.example.com:8443");
  const methods = reader.list("cors-allow-methods", /^([A-Z]+|\*)$/, "methods");
  const headers = reader.list("cors-allow-headers", TOKEN, "names of headers");
  const exposed = reader.list("cors-expose-headers", TOKEN, "names of headers");
  const credentials = reader.flag("cors-allow-credentials");
  const maxAge = reader.integer("cors-max-age", { min: 0, max: 2 ** 31 - 1 });
  if (!isEnabled) return undefined;
  return {
    type: "cors",
    allowOrigins: origins?.length ? origins : ["*"],
    allowMethods: methods?.length ? methods : METHODS,
    allowHeaders: headers?.length ? headers : HEADERS,
    exposeHeaders: exposed ?? [],
    allowCredentials: credentials ?? true,
    maxAgeSeconds: maxAge ?? MAX_AGE_SECONDS,
  };
}
