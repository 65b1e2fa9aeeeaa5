import { type Pod, SELECTED_NODE, volumeBoundTo } from "../../api/index.ts";
import { PodRefusal, type SchedulingPlugin } from "../framework.ts";
import { type BindVolumesOptions, bindVolumes } from "../volumes/bind-volumes.ts";
import { findOnNode, type NodeVolumes } from "../volumes/find-on-node.ts";
import { type PodClaims, readPodClaims } from "../volumes/pod-claims.ts";

interface State {
  claims: PodClaims;
  byNode: Map<string, NodeVolumes>;
}

/** Nodes that reach the pod's volumes, or where they can be had; binds them to its claims before it goes there. */
export function volumeBinding(options: BindVolumesOptions): SchedulingPlugin<State> {
  const { objects } = options;
  const states = new WeakMap<Pod, State>();
  const reserved = new Map<string, NodeVolumes>();

  /** What the others see from now on: volumes that are taken, claims that have a node. */
  const assume = ({ bindings, provisions }: NodeVolumes, node: string): NodeVolumes => ({
    bindings: bindings.map(({ volume, claim }) => {
      const taken = volumeBoundTo(volume, claim);
      if (taken !== volume) objects.volumes.assume(volume.metadata.name, taken);
      return { volume: taken, claim };
    }),
    provisions: provisions.map((claim) => {
      const annotations = { ...claim.metadata.annotations, [SELECTED_NODE]: node };
      const selected = { ...claim, metadata: { ...claim.metadata, annotations } };
      objects.claims.assume(`${claim.metadata.namespace}/${claim.metadata.name}`, selected);
      return selected;
    }),
  });

  return {
    name: "VolumeBinding",
    wokenBy: ["node", "storage"],
    prepare: (pod) => {
      const claims = readPodClaims(pod, objects);
      if (typeof claims === "string") return new PodRefusal(claims);
      if (claims.bound.length + claims.delayed.length === 0) return "skip";
      const state = { claims, byNode: new Map() };
      states.set(pod, state);
      return state;
    },
    filter: (_pod, { node }, { claims, byNode }) => {
      const found = findOnNode(claims, node, objects);
      if (Array.isArray(found)) return found.map((reason) => ({ reason, unresolvable: true }));
      byNode.set(node.metadata.name, found);
      return undefined;
    },
    reserve: (pod, node) => {
      const found = states.get(pod)?.byNode.get(node);
      if (!found || found.bindings.length + found.provisions.length === 0) return;
      reserved.set(pod.metadata.uid, assume(found, node));
    },
    preBind: (pod, node) => {
      const decided = reserved.get(pod.metadata.uid);
      return decided && bindVolumes(pod, node, decided, options);
    },
    unreserve: ({ metadata: { uid } }) => {
      const decided = reserved.get(uid);
      reserved.delete(uid);
      for (const { volume } of decided?.bindings ?? []) objects.volumes.restore(volume.metadata.name);
      for (const { metadata } of decided?.provisions ?? [])
        objects.claims.restore(`${metadata.namespace}/${metadata.name}`);
    },
    postBind: ({ metadata: { uid } }) => {
      reserved.delete(uid);
    },
  };
}
