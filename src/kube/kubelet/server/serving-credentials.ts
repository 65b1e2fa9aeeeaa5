import type { KubeletTls } from "./kubelet-server.ts";

export type ServingPair = Pick<KubeletTls, "certPem" | "keyPem">;

/** With what the kubelet's port proves whose it is; somebody else gets and renews it. */
export interface ServingCredentials {
  /** Whose clients are known, as PEM. */
  caPem: string;
  pair(): ServingPair;
  /** Tells of each one that takes the place of the last. */
  onRenewed(listener: (pair: ServingPair) => void): () => void;
}
