import type { Secret, Service } from "../api/index.ts";

/** What a translation may look at beside its own object, by `namespace/name`. */
export interface ClusterLookup {
  service(key: string): Service | undefined;
  secret(key: string): Secret | undefined;
}

/** What was looked at, so that it is translated again when that changes: `service/shop/web`, `secret/shop/tls`. */
export type Dependency = string;

/** Notes what is asked for. */
export class NotingLookup implements ClusterLookup {
  readonly asked = new Set<Dependency>();
  readonly #lookup: ClusterLookup;

  constructor(lookup: ClusterLookup) {
    this.#lookup = lookup;
  }

  service(key: string): Service | undefined {
    this.asked.add(`service/${key}`);
    return this.#lookup.service(key);
  }

  secret(key: string): Secret | undefined {
    this.asked.add(`secret/${key}`);
    return this.#lookup.secret(key);
  }
}
