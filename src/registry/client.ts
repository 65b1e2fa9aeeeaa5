import { type Clock, type Logger, notImplemented } from "../base/index.ts";

export interface RegistryClientOptions {
  logger: Logger;
  clock?: Clock;
  /** `host:port` of registries to be spoken to over plain HTTP or with any certificate. */
  insecureRegistries?: readonly string[];
  userAgent?: string;
}

/** Satisfies `RegistryTransport` of images/. */
export class RegistryClient {
  constructor(_options: RegistryClientOptions) {
    throw notImplemented("registry client");
  }
}
