import { Buffer } from "node:buffer";
import { invalidArgument } from "../base/index.ts";

/** A URL as Go's net/url takes it apart. Texts are decoded, except for those named raw. */
export interface GoUrl {
  /** In lower case. */
  scheme: string;
  /** What follows a scheme without a slash (`mailto:a@b`). */
  opaque: string;
  userInfo: string;
  /** The same as it was written, undefined where there is no `@`. */
  rawUserInfo?: string;
  /** With the port. */
  host: string;
  path: string;
  /** As it was written, where that is not how the path would be escaped. */
  rawPath: string;
  rawQuery: string;
  fragment: string;
}

/** Parses a URL with scheme or a path from the root, as `url.ParseRequestURI` demands. Answers what Go says where it is none. */
export function parseRequestUri(text: string): { url: GoUrl } | { problem: string } {
  try {
    parse(text, "request");
    return { url: parseReference(text) };
  } catch (error) {
    if (!(error instanceof UrlProblem)) throw error;
    return { problem: `parse ${quote(text)}: ${error.message}` };
  }
}

/** Reads a URL as `url.Parse` does. Throws InvalidArgument with its message, `parse "…": …`. */
export function parseGoUrl(text: string): GoUrl {
  try {
    return parseReference(text);
  } catch (error) {
    if (!(error instanceof UrlProblem)) throw error;
    throw invalidArgument(`parse ${quote(text)}: ${error.message}`, { cause: error });
  }
}

/** Whether url.ParseRequestURI takes a text: an absolute URL or path. */
export function isRequestUri(text: string): boolean {
  return "url" in parseRequestUri(text);
}

function parseReference(text: string): GoUrl {
  const [reference, fragment = ""] = text.split(/#(.*)/s) as [string, string | undefined];
  return { ...parse(reference, "any"), fragment: unescaped(fragment, "fragment") };
}

class UrlProblem extends Error {}

const EMPTY: GoUrl = {
  ...{ scheme: "", opaque: "", userInfo: "", host: "" },
  ...{ path: "", rawPath: "", rawQuery: "", fragment: "" },
};

function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f]/g, "\\x7f");
}

function parse(text: string, mode: "request" | "any"): GoUrl {
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new UrlProblem("net/url: invalid control character in URL");
  if (text === "" && mode === "request") throw new UrlProblem("empty url");
  if (text === "*") return { ...EMPTY, path: "*" };
  const scheme = schemeOf(text);
  const afterScheme = scheme === "" ? text : text.slice(scheme.length + 1);
  const [rest, rawQuery = ""] = afterScheme.split(/\?(.*)/s) as [string, string | undefined];
  const url = { ...EMPTY, scheme: scheme.toLowerCase(), rawQuery };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...url, opaque: rest };
    if (mode === "request") throw new UrlProblem("invalid URI for request");
    if (rest.split("/")[0]!.includes(":"))
      throw new UrlProblem("first path segment in URL cannot contain colon");
  }
  const mayHaveAuthority = scheme !== "" || (mode === "any" && !rest.startsWith("///"));
  if (!mayHaveAuthority || !rest.startsWith("//")) return { ...url, ...pathOf(rest) };
  const slash = rest.indexOf("/", 2);
  const authority = rest.slice(2, slash < 0 ? undefined : slash);
  return { ...url, ...authorityOf(authority), ...pathOf(slash < 0 ? "" : rest.slice(slash)) };
}

function schemeOf(text: string): string {
  if (text.startsWith(":")) throw new UrlProblem("missing protocol scheme");
  return /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? "";
}

function authorityOf(authority: string): Pick<GoUrl, "userInfo" | "rawUserInfo" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = hostOf(authority.slice(at + 1));
  if (at < 0) return { userInfo: "", host };
  const userInfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userInfo)) throw new UrlProblem("net/url: invalid userinfo");
  return { userInfo: unescaped(userInfo, "user"), rawUserInfo: userInfo, host };
}

function hostOf(host: string): string {
  const bracket = host.startsWith("[") ? host.lastIndexOf("]") : undefined;
  if (bracket === -1) throw new UrlProblem("missing ']' in host");
  const colon = host.lastIndexOf(":");
  const port = bracket !== undefined ? host.slice(bracket + 1) : colon < 0 ? "" : host.slice(colon);
  if (!isOptionalPort(port)) throw new UrlProblem(`invalid port ${quote(port)} after host`);
  return unescaped(host, "host");
}

const isOptionalPort = (port: string) => port === "" || /^:\d*$/.test(port);

function pathOf(written: string): { path: string; rawPath: string } {
  const path = unescaped(written, "path");
  return { path, rawPath: escapePath(path) === written ? "" : written };
}

type Part = "path" | "host" | "user" | "query" | "fragment";

function unescaped(text: string, part: Part): string {
  const bytes: number[] = [];
  const source = Buffer.from(text);
  for (let at = 0; at < source.length; at++) {
    const character = String.fromCharCode(source[at]!);
    if (character === "%") {
      const escaped = source.toString("latin1", at, at + 3);
      if (
        !/^%[0-9a-fA-F]{2}$/.test(escaped) ||
        (part === "host" && /^%[0-7]/.test(escaped) && escaped !== "%25")
      )
        throw new UrlProblem(`invalid URL escape ${quote(escaped)}`);
      bytes.push(Number.parseInt(escaped.slice(1), 16));
      at += 2;
    } else {
      if (part === "host" && source[at]! < 0x80 && !/[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/.test(character))
        throw new UrlProblem(`invalid character ${quote(character)} in host name`);
      bytes.push(part === "query" && character === "+" ? 0x20 : source[at]!);
    }
  }
  return Buffer.from(bytes).toString();
}

function escapePath(path: string): string {
  return Array.from(Buffer.from(path), (byte) => {
    const character = String.fromCharCode(byte);
    const isPlain = byte < 0x80 && /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character);
    return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** The path with its escapes, as they were written where that is valid. */
export function escapedPath({ path, rawPath }: GoUrl): string {
  if (rawPath !== "" && /^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]%/]*$/.test(rawPath)) return rawPath;
  return path === "*" ? "*" : escapePath(path);
}

/** Host without port and brackets. */
export function hostName({ host }: GoUrl): string {
  const name = withoutPort(host);
  return name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
}

export function portOf({ host }: GoUrl): string {
  return host.slice(withoutPort(host).length + 1);
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(":");
  return colon >= 0 && isOptionalPort(host.slice(colon)) ? host.slice(0, colon) : host;
}

/** The query's values by key; what cannot be decoded is left out. */
export function queryValues({ rawQuery }: GoUrl): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of rawQuery.split("&")) {
    const decoded = decodePair(pair);
    if (decoded === undefined) continue;
    const [key, value] = decoded;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}

function decodePair(pair: string): [string, string] | undefined {
  if (pair === "" || pair.includes(";")) return undefined;
  const [key, value = ""] = pair.split(/=(.*)/s) as [string, string | undefined];
  try {
    return [unescaped(key, "query"), unescaped(value, "query")];
  } catch (error) {
    if (error instanceof UrlProblem) return undefined;
    throw error;
  }
}
