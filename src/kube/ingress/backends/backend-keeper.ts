import type { Backend, Endpoint } from "../../../reverse-proxy/index.ts";
import type { EndpointSlice, Service } from "../../api/index.ts";
import type { ProxyControl } from "../proxy-control.ts";
import type { BackendReference } from "../routes/contribution.ts";
import { endpointsOf, protocolOf, servicePort } from "./service-endpoints.ts";

export interface ServiceSource {
  service(key: string): Service | undefined;
  slices(key: string): readonly EndpointSlice[];
}

interface Kept {
  reference: BackendReference;
  owners: Set<string>;
  /** What the proxy knows, to tell only what is other. */
  told: string;
}

/** Tells the proxy the backends that somebody refers to, and again those of a Service whose endpoints change. */
export class BackendKeeper {
  readonly #proxy: Pick<ProxyControl, "setBackend" | "removeBackend">;
  readonly #source: ServiceSource;
  readonly #kept = new Map<string, Kept>();
  readonly #byOwner = new Map<string, readonly BackendReference[]>();
  readonly #byService = new Map<string, Set<string>>();
  /** Names that somebody has let go of since the last `drop`. */
  readonly #loose = new Set<string>();

  constructor(proxy: Pick<ProxyControl, "setBackend" | "removeBackend">, source: ServiceSource) {
    this.#proxy = proxy;
    this.#source = source;
  }

  /** Backends that an owner refers to from here on; none: it is gone. What it lets go of goes with `drop`. */
  set(owner: string, references: readonly BackendReference[]): void {
    const before = this.#byOwner.get(owner) ?? [];
    if (references.length > 0) this.#byOwner.set(owner, references);
    else this.#byOwner.delete(owner);
    for (const reference of references) this.#hold(owner, reference);
    const wanted = new Set(references.map(({ name }) => name));
    for (const { name } of before) {
      if (wanted.has(name)) continue;
      this.#kept.get(name)?.owners.delete(owner);
      this.#loose.add(name);
    }
  }

  /** Removes what nobody refers to: to be called when the routes that did are no more in force. */
  drop(): void {
    for (const name of this.#loose) {
      const kept = this.#kept.get(name);
      if (!kept || kept.owners.size > 0) continue;
      const { reference } = kept;
      this.#kept.delete(name);
      const names = this.#byService.get(serviceKey(reference));
      names?.delete(name);
      if (names?.size === 0) this.#byService.delete(serviceKey(reference));
      this.#proxy.removeBackend(name);
    }
    this.#loose.clear();
  }

  /** The Service or its endpoints changed. */
  refresh(service: string): void {
    for (const name of this.#byService.get(service) ?? []) {
      const kept = this.#kept.get(name);
      if (kept) this.#tell(kept);
    }
  }

  #hold(owner: string, reference: BackendReference): void {
    const known = this.#kept.get(reference.name);
    if (known) {
      known.owners.add(owner);
      known.reference = reference;
      this.#tell(known);
      return;
    }
    const kept = { reference, owners: new Set([owner]), told: "" };
    this.#kept.set(reference.name, kept);
    const key = serviceKey(reference);
    this.#byService.set(key, (this.#byService.get(key) ?? new Set()).add(reference.name));
    this.#tell(kept);
  }

  #tell(kept: Kept): void {
    const backend = this.#backend(kept.reference);
    const text = JSON.stringify(backend);
    if (text === kept.told) return;
    kept.told = text;
    this.#proxy.setBackend(backend);
  }

  #backend(reference: BackendReference): Backend {
    const { name, port: wanted, protocol, tls } = reference;
    const key = serviceKey(reference);
    const service = this.#source.service(key);
    const port = service && servicePort(service, wanted);
    const endpoints: Endpoint[] = port ? endpointsOf(this.#source.slices(key), port) : [];
    return {
      name,
      protocol: protocol ?? (port ? protocolOf(port) : "auto"),
      ...(tls ? { tls } : {}),
      endpoints,
    };
  }
}

const serviceKey = ({ namespace, service }: BackendReference) => `${namespace}/${service}`;
