import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Whose an error is that nothing caught: thrown in a callback of a timer or a stream, or by a promise that nobody waits for. All
 * timers, streams and promises that `runAs` starts, and what these start in turn, belong to its owner.
 */
export interface ErrorOwner {
  readonly name: string;
  /** Deals with the error. False when the owner cannot, a request that is over, say: then it is the next outer owner's. */
  take(error: unknown): boolean;
}

interface Owned {
  owner: ErrorOwner;
  outer: Owned | undefined;
}

const owners = new AsyncLocalStorage<Owned>();

export function runAs<T>(owner: ErrorOwner, work: () => T): T {
  return owners.run({ owner, outer: owners.getStore() }, work);
}

/** Runs work later as the owner of now, whoever asks for it then. */
export function keepOwner(): <T>(work: () => T) => T {
  const owned = owners.getStore();
  return (work) => owners.run(owned as Owned, work);
}

/**
 * For the process's last handlers, which Node runs in the context of what failed: gives the error to its owner. False when nobody
 * has taken it.
 */
export function giveToOwner(error: unknown): boolean {
  for (let owned = owners.getStore(); owned; owned = owned.outer) if (owned.owner.take(error)) return true;
  return false;
}
