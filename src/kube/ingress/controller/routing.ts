import type { Dependency } from "../cluster-lookup.ts";
import type { Contribution } from "../routes/contribution.ts";

/** Where the translations of single objects go. */
export interface Routing {
  /** What an object adds, and what it has looked at. */
  set(owner: string, contribution: Contribution, dependsOn: ReadonlySet<Dependency>): void;
  delete(owner: string): void;
  /** Who has looked at something. */
  dependentsOf(dependency: Dependency): Iterable<string>;
  /** Something waits to be worked off. */
  touch(): void;
  /** An object's status, or what is told of it, may be other than what stands in the API. */
  tell(key: string): void;
}

/** One kind of source: Ingress, or the Gateway API. */
export interface RoutingPart {
  /** Begins to watch; returns how to stop that. */
  start(): (() => void)[];
  /** Whether it knows all objects of its own kinds. */
  readonly isComplete: boolean;
  /** What this owner has looked at is other than before. */
  mark(owner: string): void;
  /** Owners of which something has changed, each once: the part translates them in this order. */
  takeDirty(): string | undefined;
  translate(owner: string): void;
  /** Brings an object's status, and what is told of it, up to date in the API. */
  write(key: string): Promise<void>;
  /** Ports fare otherwise than before. */
  onPorts(ports: readonly number[]): void;
  /** Keys of all objects whose status it keeps. */
  owned(): Iterable<string>;
}
