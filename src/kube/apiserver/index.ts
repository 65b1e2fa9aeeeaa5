export { type ApiServer, type ApiServerOptions, createApiServer } from "./api-server.ts";
export { type Certificates, type CertificatesOptions, openCertificates } from "./certificates.ts";
export { kubeconfigText } from "./kubeconfig.ts";
