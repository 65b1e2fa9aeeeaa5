import { invalidArgument } from "../base/index.ts";

/** The parts of a URL as Go's net/url tells them apart; absent ones are empty. */
export interface GoUrl {
  scheme: string;
  /** As it was written, without the `@`; undefined where there is none. */
  user?: string | undefined;
  /** With the port. */
  host: string;
  path: string;
  query: string;
  fragment: string;
}

/** Reads a URL as url.Parse does. Throws InvalidArgument with its message, `parse "…": …`. */
export function parseGoUrl(text: string): GoUrl {
  const [before, fragment] = cut(text, "#");
  const url = wrapped(before, () => parse(before, "reference"));
  wrapped(text, () => checkEscapes(fragment));
  return { ...url, fragment };
}

/** Whether url.ParseRequestURI takes a text: an absolute URL or path. */
export function isRequestUri(text: string): boolean {
  try {
    parse(text, "request");
    return true;
  } catch {
    return false;
  }
}

function wrapped<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidArgument(`parse ${JSON.stringify(text)}: ${(error as Error).message}`, { cause: error });
  }
}

function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** A request names an absolute URL or path. */
function parse(text: string, as: "reference" | "request"): GoUrl {
  const isRequest = as === "request";
  if (/[\x00-\x1f\x7f]/.test(text)) throw invalidArgument("net/url: invalid control character in URL");
  if (text === "" && isRequest) throw invalidArgument("empty url");
  const none = { scheme: "", host: "", path: "", query: "", fragment: "" };
  if (text === "*") return { ...none, path: "*" };
  if (text.startsWith(":")) throw invalidArgument("missing protocol scheme");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? "";
  const [rest, query] = cut(scheme === "" ? text : text.slice(scheme.length + 1), "?");
  const url = { ...none, scheme: scheme.toLowerCase(), query };
  if (!rest.startsWith("/")) {
    // A path without a root is opaque (RFC 3986).
    if (scheme !== "") return url;
    if (isRequest) throw invalidArgument("invalid URI for request");
    if (cut(rest, "/")[0].includes(":"))
      throw invalidArgument("first path segment in URL cannot contain colon");
  }
  const hasAuthority = rest.startsWith("//") && (scheme !== "" || (!isRequest && !rest.startsWith("///")));
  const [, authority = "", path = ""] = hasAuthority ? /^\/\/([^/]*)(.*)$/s.exec(rest)! : ["", "", rest];
  checkEscapes(path);
  return { ...url, ...parseAuthority(authority), path };
}

function parseAuthority(authority: string): Pick<GoUrl, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  checkHost(host);
  if (at < 0) return { host };
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw invalidArgument("net/url: invalid userinfo");
  checkEscapes(user);
  return { user, host };
}

function checkHost(host: string): void {
  const isBracketed = host.startsWith("[");
  const end = host.lastIndexOf("]");
  if (isBracketed && end < 0) throw invalidArgument("missing ']' in host");
  const colon = isBracketed ? end + 1 : host.lastIndexOf(":");
  const port = colon < 0 ? "" : host.slice(colon);
  if (!/^(?::\d*)?$/.test(port)) throw invalidArgument(`invalid port ${JSON.stringify(port)} after host`);
  const odd = /%(?!25|[89A-Fa-f][0-9A-Fa-f])/.exec(host);
  if (odd !== null) throw escapeError(host.slice(odd.index, odd.index + 3));
  const bad = /[ "<>\\^`{|}]/.exec(host.replace(/[<>"]/g, ""));
  if (bad !== null) throw invalidArgument(`invalid character ${JSON.stringify(bad[0])} in host name`);
}

function checkEscapes(text: string): void {
  const bad = /%(?![0-9A-Fa-f]{2})/.exec(text);
  if (bad !== null) throw escapeError(text.slice(bad.index, bad.index + 3));
}

const escapeError = (text: string) => invalidArgument(`invalid URL escape ${JSON.stringify(text)}`);
