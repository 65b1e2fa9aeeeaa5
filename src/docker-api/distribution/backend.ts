import type { RegistryAuth, RegistryTransport } from "../../images/index.ts";

/** What this area needs of a registry client. */
export interface DistributionBackend extends RegistryTransport {
  /** Resolves when the registry takes these credentials; throws Unauthenticated if not. */
  checkCredentials(domain: string, auth: RegistryAuth): Promise<void>;
}
