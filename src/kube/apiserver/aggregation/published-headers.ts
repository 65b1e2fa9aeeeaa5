import type { RequestHeaderOptions } from "../authentication/request-header.ts";
import { FRONT_PROXY_CLIENT } from "../certificates.ts";

/**
 * How the servers behind this one are to know it and whoever it passes on, beside the proxies that it knows itself. `caPem` is the
 * authority of its own proxy's certificate.
 */
export function publishedHeaders(
  caPem: string,
  known: RequestHeaderOptions | undefined,
): RequestHeaderOptions {
  // No names are any names.
  const knowsAny = known !== undefined && known.allowedNames.length === 0;
  return {
    caPem: [caPem, known?.caPem ?? ""].join("\n"),
    allowedNames: knowsAny ? [] : [FRONT_PROXY_CLIENT, ...(known?.allowedNames ?? [])],
    usernameHeaders: ["X-Remote-User", ...(known?.usernameHeaders ?? [])],
    uidHeaders: ["X-Remote-Uid", ...(known?.uidHeaders ?? [])],
    groupHeaders: ["X-Remote-Group", ...(known?.groupHeaders ?? [])],
    extraHeaderPrefixes: ["X-Remote-Extra-", ...(known?.extraHeaderPrefixes ?? [])],
  };
}
