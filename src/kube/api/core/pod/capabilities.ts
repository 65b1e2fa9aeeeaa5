/** What this cluster lets pods have at all. Of the whole process, as upstream's pkg/capabilities. */
export interface ClusterCapabilities {
  /** Privileged containers, and pods of host processes (`--allow-privileged`). */
  allowsPrivileged: boolean;
}

let current: ClusterCapabilities = { allowsPrivileged: true };

export const clusterCapabilities = (): ClusterCapabilities => current;

/** Holds for what is validated from now on. */
export function setClusterCapabilities(capabilities: ClusterCapabilities): void {
  current = capabilities;
}
