export { createApiServer } from "./api-server.ts";
export type { ApiServer, ApiServerOptions } from "./api-server-options.ts";
export { issueLegacyToken } from "./authentication/legacy-tokens.ts";
export {
  type Certificates,
  type CertificatesOptions,
  openAuthorities,
  openCertificates,
  type TokenSigningKey,
} from "./certificates.ts";
export { kubeconfigText } from "./kubeconfig.ts";
export { API_SERVER_FLAGS } from "./options/flag-table.ts";
export {
  type FlaggedOptions,
  readInstanceFlags,
  readServerOptions,
} from "./options/read-server-options.ts";
