import type { UserInfo } from "../../client/types.ts";

/**
 * Says to a server behind this one who sends a request (client-go transport.SetAuthProxyHeaders). It believes that because of the proxy's
 * certificate.
 */
export function identityHeaders({
  name,
  uid,
  groups,
  extra = {},
}: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { "x-remote-user": bytesOf(name) };
  if (uid) headers["x-remote-uid"] = bytesOf(uid);
  if (groups.length > 0) headers["x-remote-group"] = groups.map(bytesOf);
  for (const [key, values] of Object.entries(extra))
    if (values.length > 0) headers[`x-remote-extra-${escaped(key)}`] = values.map(bytesOf);
  return headers;
}

/** Node writes headers as Latin-1; others read UTF-8. */
const bytesOf = (text: string) => Buffer.from(text, "utf8").toString("latin1");

/** Characters of a header's name (RFC 9110 §5.6.2), but for the percent sign, which escapes the others. */
const LEGAL = /[!#$&'*+\-.^_`|~0-9A-Za-z]/;

function escaped(key: string): string {
  return [...Buffer.from(key, "utf8")]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return LEGAL.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
