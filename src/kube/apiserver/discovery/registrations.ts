import type { RankedVersion } from "./group-order.ts";

/** What another server tells of a version of a group, in the aggregated form (apidiscovery.k8s.io). */
export interface ToldVersion {
  resources: readonly object[];
  /** `Stale`: it could not be asked. */
  freshness: "Current" | "Stale";
}

/** A version of a group that an APIService registers. */
export interface Registration extends RankedVersion {
  /** Whether this server itself answers for it. */
  isLocal: boolean;
  /** Whether this server made it by itself, and takes it away again. */
  isAutomanaged: boolean;
  /** What the server that does tells of it; undefined: it has not been asked yet. */
  told?: ToldVersion | undefined;
}

/** Whom discovery asks for what is registered beside this server's own kinds. */
export interface Registrations {
  registered(): readonly Registration[];
}
