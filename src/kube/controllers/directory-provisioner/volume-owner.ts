import type { Node, PersistentVolume } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";

/** By which a Node tells that this program runs on it, and thus a provisioner. */
const MACHINE = "gantry.dev/machine";
const HOSTNAME = "kubernetes.io/hostname";

/**
 * Whose provisioner looks after a claim: that of the node which was chosen for it; where none was, or one that keeps no volumes, that
 * of the first node by name that is Ready. Undefined where no node tells: whoever asks is alone.
 */
export function ownerOfClaim(
  nodes: Pick<Informer<Node>, "list">,
  selected: string | undefined,
): string | undefined {
  const keeping = [...nodes.list()].filter(({ metadata }) => metadata.annotations?.[MACHINE] !== undefined);
  if (keeping.some(({ metadata }) => metadata.name === selected)) return selected;
  return keeping
    .filter(isReady)
    .map(({ metadata }) => metadata.name)
    .sort()[0];
}

/** The node whose disk a volume is on, as far as it says so. */
export function nodeOfVolume({ spec }: PersistentVolume): string | undefined {
  for (const { matchExpressions = [] } of spec.nodeAffinity?.required?.nodeSelectorTerms ?? [])
    for (const { key, operator, values = [] } of matchExpressions)
      if (key === HOSTNAME && operator === "In" && values.length === 1) return values[0];
  return undefined;
}

function isReady({ status }: Node): boolean {
  return (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
}
