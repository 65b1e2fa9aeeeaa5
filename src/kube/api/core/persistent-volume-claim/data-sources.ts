import type { PersistentVolumeClaimSpec } from "../../generated/types.ts";

/**
 * `dataSource` takes claims and snapshots only, and anything else it loses without a word, unless the claim has it already or
 * `dataSourceRef` says the same (EnforceDataSourceBackwardsCompatibility).
 */
export function dropForeignDataSource(
  next: PersistentVolumeClaimSpec,
  previous?: PersistentVolumeClaimSpec,
): void {
  if (previous?.dataSource !== undefined || previous?.dataSourceRef !== undefined) return;
  if (next.dataSourceRef !== undefined || next.dataSource === undefined) return;
  const { apiGroup, kind } = next.dataSource;
  const isClaim = kind === "PersistentVolumeClaim" && !apiGroup;
  const isSnapshot = kind === "VolumeSnapshot" && apiGroup === "snapshot.storage.k8s.io";
  if (!isClaim && !isSnapshot) delete next.dataSource;
}

/** Two names of one field, until the newer one names another namespace (NormalizeDataSources). */
export function normalizeDataSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) spec.dataSourceRef = { ...dataSource };
  if (dataSourceRef !== undefined && dataSource === undefined && !dataSourceRef.namespace) {
    const { namespace: _, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}
