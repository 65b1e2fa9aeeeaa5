import type { Backend, RouteRule, VirtualHost } from "../../../reverse-proxy/index.ts";

export interface ListenerKey {
  readonly address?: string;
  readonly port: number;
  readonly protocol: "http" | "https" | "passthrough";
}

/** Hosts with TLS that ends here and hosts whose bytes go on as they come may share a port, by the names that clients ask for. */
export type Transport = "http" | "TLS";

export const transportOf = (protocol: ListenerKey["protocol"]): Transport =>
  protocol === "http" ? "http" : "TLS";

/** What one object has to say of one host at one listener. */
export interface HostRoutes {
  readonly listener: ListenerKey;
  readonly host: string;
  readonly oneLabel?: boolean;
  readonly certificate?: VirtualHost["certificate"];
  readonly rules: readonly RouteRule[];
}

/** One port of a Service, as a backend of the table. */
export interface BackendReference {
  /** As the rules call it. */
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  /** The Service's port, by number or name. */
  readonly port: number | string;
  /** Absent: what the port's `appProtocol` says. */
  readonly protocol?: Backend["protocol"];
  readonly tls?: Backend["tls"];
}

/** All that one object adds to the table. */
export interface Contribution {
  readonly hosts: readonly HostRoutes[];
  readonly backends: readonly BackendReference[];
  /** Of two rules that are otherwise of equal rank the older object's comes first, then the first by name. */
  readonly createdMs: number;
}
