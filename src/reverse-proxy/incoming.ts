import type { IncomingHttpHeaders } from "node:http";

/** What is known of a request when its way is chosen. */
export interface Incoming {
  readonly method: string;
  /** Percent-encoded, absolute. */
  readonly path: string;
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
}

/** The name in a Host header: `Example.com:8080` is `example.com`, `[::1]:80` is `[::1]`. */
export function hostOf(header: string | undefined): string {
  const text = (header ?? "").toLowerCase();
  const end = text.startsWith("[") ? text.indexOf("]") + 1 : text.indexOf(":");
  const name = end > 0 ? text.slice(0, end) : text;
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** The port in a Host header, if there is one. */
export function portOf(header: string | undefined): number | undefined {
  const [, digits] = /:(\d{1,5})$/.exec(header ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits);
}
