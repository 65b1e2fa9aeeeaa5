import type { Backend, RouteTable } from "../../reverse-proxy/index.ts";

/** How a listener of the table fares. */
export interface ListenerReport {
  readonly address?: string;
  readonly port: number;
  /** Why it does not listen: `address already in use`. Absent: it does. */
  readonly error?: string;
}

/** What this module needs of the proxy that does the work. */
export interface ProxyControl {
  /** Replaces the table; listeners open and close accordingly. Those that cannot be opened are tried again. */
  setRoutes(table: RouteTable): void;
  /** Enters a backend, or replaces the one of its name. */
  setBackend(backend: Backend): void;
  removeBackend(name: string): void;
  /** Told whenever listeners came, went, or fare otherwise than before; returns how to stop that. */
  onListeners(listener: (reports: readonly ListenerReport[]) => void): () => void;
}
