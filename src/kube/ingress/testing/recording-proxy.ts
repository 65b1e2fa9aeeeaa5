import type { Backend, RouteRule, RouteTable } from "../../../reverse-proxy/index.ts";
import type { ListenerReport, ProxyControl } from "../proxy-control.ts";

/** Remembers what it is told; its ports open at once, but those that are said to be taken. */
export class RecordingProxy implements ProxyControl {
  readonly backends = new Map<string, Backend>();
  table: RouteTable = { listeners: [] };
  tables = 0;
  readonly #taken = new Map<number, string>();
  readonly #listeners = new Set<(reports: readonly ListenerReport[]) => void>();

  setRoutes(table: RouteTable): void {
    this.table = table;
    this.tables++;
    this.#report();
  }

  setBackend(backend: Backend): void {
    this.backends.set(backend.name, backend);
  }

  removeBackend(name: string): void {
    this.backends.delete(name);
  }

  onListeners(listener: (reports: readonly ListenerReport[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Somebody else has the port, or lets it go. */
  take(port: number, error: string | undefined): void {
    if (error === undefined) this.#taken.delete(port);
    else this.#taken.set(port, error);
    this.#report();
  }

  ports(): number[] {
    return this.table.listeners.map(({ port }) => port);
  }

  rules(port: number, host: string): readonly RouteRule[] | undefined {
    const listener = this.table.listeners.find((one) => one.port === port);
    return listener?.hosts.find((one) => one.host === host)?.rules;
  }

  endpoints(backend: string): string[] | undefined {
    return this.backends.get(backend)?.endpoints.map(({ address, port }) => `${address}:${port}`);
  }

  #report(): void {
    const reports = this.table.listeners.map(({ port }): ListenerReport => {
      const error = this.#taken.get(port);
      return error === undefined ? { port } : { port, error };
    });
    for (const listener of this.#listeners) listener(reports);
  }
}
