import type { Descriptor, Platform } from "../../formats/oci-types.ts";
import type { RegistryAuth } from "../../images/types.ts";

/** What this area needs of a registry client. */
export interface DistributionBackend {
  /** What a reference names in its registry now. */
  inspect(
    reference: string,
    options: { auth?: RegistryAuth; signal?: AbortSignal },
  ): Promise<{ descriptor: Descriptor; platforms: Platform[] }>;
  /** Whether the registry takes these credentials; throws Unauthenticated if not. */
  authenticate(server: string, auth: RegistryAuth, signal?: AbortSignal): Promise<{ identityToken?: string }>;
}
