import type { PersistentVolumeClaim, StatefulSet, Volume } from "../../api/index.ts";

/** The name of a pod's claim of this template. */
export function claimNameOf(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata.name}-${set.metadata.name}-${ordinal}`;
}

/** The claims of the pod with this number, by the names of their templates. */
export function claimsOf(set: StatefulSet, ordinal: number): Map<string, PersistentVolumeClaim> {
  const claims = new Map<string, PersistentVolumeClaim>();
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const { status: _status, ...claim } = template;
    const labels = { ...template.metadata.labels, ...set.spec.selector.matchLabels };
    const name = claimNameOf(set, template, ordinal);
    const metadata = { ...template.metadata, name, namespace: set.metadata.namespace!, labels };
    claims.set(template.metadata.name, { ...claim, metadata });
  }
  return claims;
}

/** Whether some pod of the set may use a claim of this name. */
export function mayUseClaim(set: StatefulSet, claimName: string): boolean {
  return (set.spec.volumeClaimTemplates ?? []).some((template) =>
    claimName.startsWith(`${template.metadata.name}-${set.metadata.name}-`),
  );
}

/** The pod's volumes: one for each claim, in place of those of the same names. */
export function withClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[] = []): Volume[] {
  const claims = claimsOf(set, ordinal);
  const claimed = [...claims].map(([name, { metadata }]) => ({
    name,
    persistentVolumeClaim: { claimName: metadata.name },
  }));
  return [...claimed, ...volumes.filter(({ name }) => !claims.has(name))];
}
