import type { AnnotationReader } from "./annotation-reader.ts";
import type { IngressSettings, RedirectFilter } from "./ingress-settings.ts";

const STATUS = { min: 300, max: 308 };
/** nginx's variable for path and query as they came, which people write at the end. */
const REQUEST_URI = /\$request_uri$/;

/** Everything that answers with another address. */
export function readRedirects(
  reader: AnnotationReader,
): Pick<IngressSettings, "redirect" | "sslRedirect" | "forceSslRedirect" | "redirectsWww" | "appRoot"> {
  const appRoot = reader.matching("app-root", /^\/\S*$/, "a path");
  // ingress-nginx asks for the temporal one first.
  const temporal = readRedirect(reader, "temporal-redirect", "temporal-redirect-code", 302);
  const permanent = readRedirect(reader, "permanent-redirect", "permanent-redirect-code", 301);
  const redirect = temporal ?? permanent;
  return {
    ...(redirect ? { redirect } : {}),
    ...(appRoot ? { appRoot } : {}),
    sslRedirect: reader.flag("ssl-redirect") ?? true,
    forceSslRedirect: reader.flag("force-ssl-redirect") ?? false,
    redirectsWww: reader.flag("from-to-www-redirect") ?? false,
  };
}

function readRedirect(
  reader: AnnotationReader,
  name: string,
  codeName: string,
  defaultStatus: number,
): RedirectFilter | undefined {
  const status = reader.integer(codeName, STATUS) ?? defaultStatus;
  const text = reader.text(name)?.trim();
  if (!text) return undefined;
  const keepsPath = REQUEST_URI.test(text);
  const url = plainAddress(text.replace(REQUEST_URI, ""));
  if (!url) {
    const takes = "it takes an address without a query, such as https://example.com/path";
    reader.tell(name, `${JSON.stringify(text)} is not valid: ${takes}`);
    return undefined;
  }
  return {
    type: "redirect",
    status,
    scheme: url.protocol === "https:" ? "https" : "http",
    host: url.hostname,
    ...(url.port ? { port: Number(url.port) } : {}),
    ...(keepsPath ? {} : { path: { type: "full" as const, value: url.pathname } }),
  };
}

/** Variables of nginx are not known, and a query cannot be said in the table. */
function plainAddress(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  return isPlain && !text.includes("$") ? url : undefined;
}
