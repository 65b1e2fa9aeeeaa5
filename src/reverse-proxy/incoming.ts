import type { IncomingHttpHeaders } from "node:http";

/** What is known of a request when its way is chosen. */
export interface Incoming {
  readonly method: string;
  /** As it was asked for: percent-encoded, absolute. */
  readonly path: string;
  /** The same as a backend may read it, which is what rules are about: decoded, and repeated slashes as one. */
  readonly plainPath: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly query: URLSearchParams;
  /** In lower case, without the port. */
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
  readonly scheme: "http" | "https";
  /** The one that was connected to. */
  readonly port: number;
  /** Who asks, as an address. */
  readonly client: string;
  /** By which logs of here and there tell of it. */
  readonly id: string;
}

/** Escapes must be whole and the path without dot segments, as the server has seen to. */
export function plainPathOf(path: string): string {
  const decoded = path.includes("%") ? decodeURIComponent(path) : path;
  return decoded.includes("//") ? decoded.replace(/\/{2,}/g, "/") : decoded;
}

/** Whether it can be a host and a port (RFC 9110 §7.2): others could be read in another way by whoever stands behind. */
export function isHost(header: string): boolean {
  return /^(?:[\w.-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i.test(header);
}

/** The name in a Host header: `Example.com:8080` is `example.com`, `[::1]:80` is `[::1]`. */
export function hostOf(header: string | undefined): string {
  const text = (header ?? "").toLowerCase();
  const end = text.startsWith("[") ? text.indexOf("]") + 1 : text.indexOf(":");
  const name = end > 0 ? text.slice(0, end) : text;
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
