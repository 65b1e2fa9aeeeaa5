import type { ReferenceGrant } from "./gateway-types.ts";

export interface CrossReference {
  from: { group: string; kind: string; namespace: string };
  to: { group: string; kind: string; namespace: string; name: string };
}

/** Whether an object may refer to one of another namespace: somebody there says so. */
export function isGranted(grants: readonly ReferenceGrant[], { from, to }: CrossReference): boolean {
  if (from.namespace === to.namespace) return true;
  return grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === to.namespace &&
      spec.from.some(
        ({ group, kind, namespace }) =>
          group === from.group && kind === from.kind && namespace === from.namespace,
      ) &&
      spec.to.some(
        ({ group, kind, name }) => group === to.group && kind === to.kind && (!name || name === to.name),
      ),
  );
}
