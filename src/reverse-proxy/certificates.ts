import { createSecureContext, type SecureContext } from "node:tls";
import { errorMessage, type Logger, systemClock } from "../base/index.ts";
import { selfSigned } from "../kube/pki/index.ts";
import type { VirtualHost } from "./types.ts";

type Pair = NonNullable<VirtualHost["certificate"]>;

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** Made once for each certificate. */
export class Certificates {
  readonly #logger: Logger;
  readonly #contexts = new WeakMap<Pair, SecureContext | undefined>();
  #own: Pair | undefined;

  /** `own` is one for names that nobody has brought a certificate for; one is made where it is absent. */
  constructor(logger: Logger, own?: Pair) {
    this.#logger = logger;
    this.#own = own;
  }

  /** Undefined for one that is none: it is told once. */
  contextOf(host: string, pair: Pair): SecureContext | undefined {
    if (this.#contexts.has(pair)) return this.#contexts.get(pair);
    let context: SecureContext | undefined;
    try {
      context = createSecureContext({ ...pair, minVersion: "TLSv1.2" });
    } catch (error) {
      this.#logger.warn("a certificate cannot be used", { host, error: errorMessage(error) });
    }
    this.#contexts.set(pair, context);
    return context;
  }

  /** For names that nobody has brought a certificate for: nobody has signed it but itself. */
  own(): Pair {
    if (!this.#own) {
      const { certPem, keyPem } = selfSigned("Gantry's ingress, signed by itself", ["ingress.local"], {
        nowMs: systemClock.nowMs(),
        forMs: YEAR_MS,
      });
      this.#own = { cert: certPem, key: keyPem };
    }
    return this.#own;
  }
}
