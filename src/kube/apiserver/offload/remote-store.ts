import { GantryError } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import { fromSentError } from "./sent-error.ts";
import type { FromThread, StoreCall, ToThread } from "./thread-messages.ts";

type CalledStore = Pick<Store, StoreCall["method"]>;

/** The store as a thread has it: each call is the main thread's to make. */
export class RemoteStore implements CalledStore {
  readonly #send: (message: FromThread) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor(send: (message: FromThread) => void) {
    this.#send = send;
  }

  /** The main thread's to know. */
  readonly visibleRevision: Store["visibleRevision"] = undefined;
  readonly get: Store["get"] = (...args) => this.#call({ method: "get", args });
  readonly range: Store["range"] = (...args) => this.#call({ method: "range", args });
  readonly transact: Store["transact"] = (...args) => this.#call({ method: "transact", args });
  readonly grantLease: Store["grantLease"] = (...args) => this.#call({ method: "grantLease", args });

  /** What the main thread answers. */
  answered(message: Exclude<ToThread, { type: "job" }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "answer") waiting?.resolve(message.value);
    else waiting?.reject(fromSentError(message.error));
  }

  /** As what expects the whole store takes it. */
  asStore(): Store {
    return new Proxy(this as unknown as Store, {
      get(target, name) {
        if (name in target) return Reflect.get(target, name);
        throw new GantryError("Internal", `a thread of the API server has no store.${String(name)}`);
      },
    });
  }

  #call<T>(call: StoreCall): Promise<T> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#send({ type: "call", id, ...call });
    return waiting.promise as Promise<T>;
  }
}
