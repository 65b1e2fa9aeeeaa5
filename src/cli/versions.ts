/** This program's version: the one of package.json; a test holds the two together. */
export const VERSION = "0.1.0";
/** The Kubernetes version whose API is served. */
export const KUBERNETES_VERSION = "v1.33.0";
