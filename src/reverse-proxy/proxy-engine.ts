import { type Cancel, errorMessage } from "../base/index.ts";
import { probePort } from "../http/index.ts";
import { EndpointPool } from "./endpoint-pool.ts";
import { type ProxyServerParts, startProxyServer } from "./proxy-server.ts";
import { RouteLookup } from "./route-lookup.ts";
import { TlsFront } from "./tls-front.ts";
import type { Backend, Listener, ListenerReport, RouteTable, VirtualHost } from "./types.ts";

/** A port that could not be opened is tried again so often. */
const AGAIN_MS = 2_000;

export interface ProxyEngineOptions extends Omit<ProxyServerParts, "pool"> {
  /** There are other engines beside this one, to whom the kernel gives connections of the same ports. */
  shared?: {
    /** It makes sure that nobody else has a port. */
    isFirst: boolean;
    ticketKeys: Buffer;
  };
  /** Told when it changes. */
  report(reports: ListenerReport[]): void;
}

interface OpenPort {
  address: string | undefined;
  port: number;
  /** `http`, `https`, `passthrough`, or the last two: another one needs another server. */
  kind: string;
  lookup: RouteLookup;
  passthrough: RouteLookup;
  error?: string;
  close(): Promise<void>;
}

/** The proxy itself: its ports, its hosts and its backends. */
export class ProxyEngine {
  readonly #options: ProxyEngineOptions;
  readonly #pools = new Map<string, EndpointPool>();
  readonly #ports = new Map<string, OpenPort>();
  /** Ports that are given up, and still have connections. */
  readonly #parting = new Set<Promise<void>>();
  #wanted: readonly Listener[] = [];
  /** One change of ports after the other. */
  #turning: Promise<void> = Promise.resolve();
  #again: Cancel = () => {};
  #isClosed = false;

  constructor(options: ProxyEngineOptions) {
    this.#options = options;
  }

  setRoutes({ listeners }: RouteTable): Promise<void> {
    this.#wanted = listeners;
    this.#turning = this.#turning.then(() => this.#open());
    return this.#turning;
  }

  setBackend(backend: Backend): void {
    const known = this.#pools.get(backend.name);
    if (known) known.update(backend);
    else this.#pools.set(backend.name, new EndpointPool(backend, this.#options.clock));
  }

  removeBackend(name: string): void {
    this.#pools.get(name)?.close();
    this.#pools.delete(name);
  }

  /** Requests under way end first. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#again();
    await this.#turning;
    for (const port of this.#ports.values()) this.#part(port);
    await Promise.all(this.#parting);
    for (const pool of this.#pools.values()) pool.close();
    await this.#options.accessLog?.flush();
  }

  async #open(): Promise<void> {
    if (this.#isClosed) return;
    this.#again();
    const wanted = new Map<string, Listener[]>();
    for (const listener of this.#wanted) {
      const key = `${listener.address ?? ""}:${listener.port}`;
      wanted.set(key, [...(wanted.get(key) ?? []), listener]);
    }
    const own = new Set<string>();
    for (const [key, open] of this.#ports) {
      if (open.error === undefined) own.add(key);
      const listeners = wanted.get(key);
      if (listeners && kindOf(listeners) === open.kind && open.error === undefined) continue;
      this.#ports.delete(key);
      this.#part(open);
    }
    await Promise.all([...wanted].map(([key, listeners]) => this.#openOne(key, listeners, own.has(key))));
    const reports = [...this.#ports.values()].map(({ address, port, error }) => ({
      ...(address === undefined ? {} : { address }),
      port,
      ...(error === undefined ? {} : { error }),
    }));
    this.#options.report(reports);
    if (!reports.some(({ error }) => error !== undefined)) return;
    this.#again = this.#options.clock.after(
      AGAIN_MS,
      () => {
        this.#turning = this.#turning.then(() => this.#open());
      },
      { unref: true },
    );
  }

  /** It takes no more connections at once, and those that it has end in peace: nobody waits for them. */
  #part(open: OpenPort): void {
    const parting = open.close().finally(() => this.#parting.delete(parting));
    this.#parting.add(parting);
  }

  async #openOne(key: string, listeners: readonly Listener[], isOwn: boolean): Promise<void> {
    const of = (...protocols: Listener["protocol"][]) =>
      this.#lookupOf(listeners.filter(({ protocol }) => protocols.includes(protocol)));
    const [lookup, passthrough] = [of("http", "https"), of("passthrough")];
    const known = this.#ports.get(key);
    if (known) {
      Object.assign(known, { lookup, passthrough });
      return;
    }
    const { address, port } = listeners[0]!;
    const open: OpenPort = {
      ...{ address, port, lookup, passthrough },
      kind: kindOf(listeners),
      close: async () => {},
    };
    try {
      if (this.#options.shared?.isFirst && !isOwn) await probePort(port, address);
      open.close = await this.#listen(open);
    } catch (error) {
      open.error = errorMessage(error);
    }
    this.#ports.set(key, open);
  }

  async #listen(open: OpenPort): Promise<() => Promise<void>> {
    const { address, port, kind } = open;
    const { shared } = this.#options;
    const listen = {
      port,
      isShared: shared !== undefined,
      ...(address === undefined ? {} : { host: address }),
    };
    const pool = (name: string) => this.#pools.get(name);
    const serving = {
      ...this.#options,
      ticketKeys: shared?.ticketKeys,
      pool,
      port,
      lookup: () => open.lookup,
    };
    if (!kind.includes("passthrough")) {
      const scheme = kind === "https" ? "https" : "http";
      const server = await startProxyServer({ ...serving, scheme, listen });
      return () => server.close();
    }
    const behind = kind.includes("https")
      ? await startProxyServer({ ...serving, scheme: "https" })
      : undefined;
    const front = new TlsFront({
      ...{ listen, pool, clock: this.#options.clock },
      lookup: () => open.passthrough,
      others: behind && ((socket) => behind.take(socket)),
    });
    await front.listen();
    return async () => {
      await front.close();
      await behind?.close();
    };
  }

  #lookupOf(listeners: readonly Listener[]): RouteLookup {
    const hosts: VirtualHost[] = listeners.flatMap((listener) => listener.hosts);
    return new RouteLookup(hosts, (rule, problem) =>
      this.#options.logger.warn("a rule cannot be read and fits nothing", { rule, problem }),
    );
  }
}

function kindOf(listeners: readonly Listener[]): string {
  return [...new Set(listeners.map(({ protocol }) => protocol))].sort().join("+");
}
