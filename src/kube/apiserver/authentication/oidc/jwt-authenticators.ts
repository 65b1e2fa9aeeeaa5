import { type Clock, errorMessage, invalidArgument, type Logger } from "../../../../base/index.ts";
import { errorListText, forbidden } from "../../../api/index.ts";
import { followFile } from "../../component-config/follow-file.ts";
import type { TlsAgents } from "../../webhook/tls-agents.ts";
import { type Authentication, firstKnown, type TokenAuthenticator } from "../authenticator.ts";
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from "../json-web-signature.ts";
import {
  type AuthenticationConfiguration,
  readAuthenticationConfiguration,
} from "./authentication-configuration.ts";
import { IssuerClient } from "./issuer-client.ts";
import { JwtAuthenticator } from "./jwt-authenticator.ts";
import { compileAuthenticationConfiguration } from "./validate-authentication-configuration.ts";

/** Issuers of OpenID Connect whose ID tokens are taken (`--authentication-config`, `--oidc-…`). */
export interface OidcOptions {
  /** Without fault. */
  configuration: AuthenticationConfiguration;
  /** All where it is absent. */
  algorithms?: readonly SigningAlgorithm[];
  /** Issuers of the server's own tokens. */
  disallowedIssuers: readonly string[];
  /** Looked at from time to time: what stands there then holds. `text` is what the configuration was read from. */
  reloaded?: { path: string; text: string };
}

interface Parts {
  agents: TlsAgents;
  logger: Logger;
  clock: Clock;
}

/** As often as an issuer that does not answer is asked again. */
const DISCOVERY_MS = 10_000;
/** How long a new configuration may need until all its issuers have answered. */
const READY_MS = 60_000;

/** The authenticators of a configuration, which may change. */
export class JwtAuthenticators implements TokenAuthenticator {
  readonly #options: OidcOptions;
  readonly #parts: Parts;
  #current: JwtAuthenticator[];

  constructor(options: OidcOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#current = this.#authenticatorsOf(options.configuration);
  }

  authenticateToken(token: string): Promise<Authentication | undefined> {
    return firstKnown(this.#current, (one) => one.authenticateToken(token));
  }

  /** Finds the issuers, and follows the file, until the signal aborts. */
  run(signal: AbortSignal): void {
    void this.#discoverAll(this.#current, signal);
    const { reloaded } = this.#options;
    if (!reloaded) return;
    followFile({
      ...reloaded,
      what: "the configuration of authentication",
      use: (text) => this.#use(text, signal),
      ...this.#parts,
      signal,
    });
  }

  /** What is wrong there changes nothing, and neither do issuers that do not answer. */
  async #use(text: string, signal: AbortSignal): Promise<void> {
    const configuration = readAuthenticationConfiguration(text);
    const { errors } = compileAuthenticationConfiguration(configuration, this.#options.disallowedIssuers);
    const { anonymous } = this.#options.configuration;
    if (JSON.stringify(anonymous) !== JSON.stringify(configuration.anonymous))
      errors.push(forbidden("anonymous", "changed from initial configuration file"));
    if (errors.length > 0) throw invalidArgument(errorListText(errors));
    const next = this.#authenticatorsOf(configuration);
    const late = new AbortController();
    const cancel = this.#parts.clock.after(READY_MS, () => late.abort(), { unref: true });
    try {
      await this.#discoverAll(next, AbortSignal.any([signal, late.signal]));
    } finally {
      cancel();
    }
    if (!next.every(({ isReady }) => isReady)) throw new Error("not all of its issuers answer");
    this.#current = next;
  }

  #authenticatorsOf(configuration: AuthenticationConfiguration): JwtAuthenticator[] {
    const { algorithms = SIGNING_ALGORITHMS, disallowedIssuers } = this.#options;
    const { logger, clock } = this.#parts;
    return compileAuthenticationConfiguration(configuration, disallowedIssuers).compiled.map((compiled) => {
      const caPem = compiled.config.issuer?.certificateAuthority ?? "";
      const client = new IssuerClient({ ...this.#parts, caPem });
      return new JwtAuthenticator({ compiled, algorithms, client, logger, clock });
    });
  }

  async #discoverAll(authenticators: readonly JwtAuthenticator[], signal: AbortSignal): Promise<void> {
    await Promise.all(authenticators.map((one) => this.#discover(one, signal)));
  }

  /** An issuer may run on top of this server: it is asked again. */
  async #discover(authenticator: JwtAuthenticator, signal: AbortSignal): Promise<void> {
    const { logger, clock } = this.#parts;
    while (!signal.aborted) {
      try {
        return await authenticator.discover();
      } catch (error) {
        logger.error("an issuer of OpenID Connect does not tell its keys", { error: errorMessage(error) });
      }
      await clock.sleep(DISCOVERY_MS, signal).catch(() => {});
    }
  }
}
