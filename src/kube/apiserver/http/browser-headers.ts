import type { GoRegexp } from "../../../formats/index.ts";
import type { HttpContext } from "../../../http/index.ts";

/** What browsers are told. */
export interface BrowserRules {
  /** Of pages that may use the API from elsewhere (--cors-allowed-origins). */
  allowedOrigins: readonly GoRegexp[];
  /** --strict-transport-security-directives */
  transportSecurity: readonly string[];
}

/** As upstream allows them (apiserver WithCORS). */
const CORS_HEADERS = {
  "access-control-allow-methods": "POST, GET, OPTIONS, PUT, DELETE, PATCH",
  "access-control-allow-headers":
    "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since",
  "access-control-expose-headers": "Date",
  "access-control-allow-credentials": "true",
};

/** Writes the headers for browsers. True where that was all: the browser only asked whether it may ask. */
export function answerBrowser(
  { req, res }: Pick<HttpContext, "req" | "res">,
  { allowedOrigins, transportSecurity }: BrowserRules,
): boolean {
  if (transportSecurity.length > 0) res.setHeader("strict-transport-security", transportSecurity.join("; "));
  const { origin } = req.headers;
  if (!origin || !allowedOrigins.some((one) => one.test(origin))) return false;
  res.setHeader("access-control-allow-origin", origin);
  for (const [name, value] of Object.entries(CORS_HEADERS)) res.setHeader(name, value);
  if (req.method !== "OPTIONS") return false;
  res.writeHead(204).end();
  return true;
}
