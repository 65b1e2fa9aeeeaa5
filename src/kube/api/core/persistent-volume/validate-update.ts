import { jsonEquals } from "../../../../formats/index.ts";
import { forbidden, IMMUTABLE, invalid } from "../../field-error.ts";
import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
  VolumeNodeAffinity,
} from "../../generated/types.ts";
import { goDiff } from "../../go-diff/go-diff.ts";
import { goPointer, goStruct } from "../../go-value.ts";
import type { FieldError } from "../../types.ts";
import { SOURCE_NAMES } from "./validate-sources.ts";

/** What stays as it is when a volume changes (the second half of ValidatePersistentVolumeUpdate). */
export function validateVolumeUpdate(next: PersistentVolume, previous: PersistentVolume): FieldError[] {
  const errors = validateSourceUpdate(next.spec, previous.spec);
  if (next.spec.volumeMode !== previous.spec.volumeMode)
    errors.push(invalid("volumeMode", next.spec.volumeMode, IMMUTABLE));
  errors.push(...validateAffinityUpdate(next.spec.nodeAffinity, previous.spec.nodeAffinity));
  const { volumeAttributesClassName: before } = previous.spec;
  const { volumeAttributesClassName: now } = next.spec;
  if (now === before) return errors;
  const path = "spec.volumeAttributesClassName";
  const why = "update is forbidden when the VolumeAttributesClass feature gate is disabled";
  errors.push(forbidden(path, why));
  if (now === undefined) errors.push(forbidden(path, "update from non-nil value to nil is forbidden"));
  return errors;
}

function validateSourceUpdate(next: PersistentVolumeSpec, previous: PersistentVolumeSpec): FieldError[] {
  const now = sourceOf(next);
  const before = sourceOf(previous);
  // The secret for growing a volume may come later.
  if (before.csi && now.csi && before.csi.controllerExpandSecretRef === undefined) {
    const { controllerExpandSecretRef: _, ...csi } = now.csi;
    now.csi = csi;
  }
  if (jsonEquals(now, before)) return [];
  const difference = goDiff("core.PersistentVolumeSource", before, now);
  const why = `spec.persistentvolumesource is immutable after creation\n${difference}`;
  return [forbidden("spec.persistentvolumesource", why)];
}

/** The sources that are given, without the rest of the spec. */
function sourceOf(spec: PersistentVolumeSpec): Partial<PersistentVolumeSpec> {
  const given = SOURCE_NAMES.filter((name) => spec[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, spec[name]]));
}

/** Labels that have another name today: a volume may change over to it. */
const NEW_LABELS: Record<string, string> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
};

function validateAffinityUpdate(
  next: VolumeNodeAffinity | undefined,
  previous: VolumeNodeAffinity | undefined,
): FieldError[] {
  if (previous === undefined || (next && isSameAffinity(next, previous))) return [];
  const shown =
    next && goStruct("core.VolumeNodeAffinity", { Required: goPointer("core.NodeSelector", next.required) });
  return [invalid("nodeAffinity", shown, `${IMMUTABLE}, except for updating from beta label to GA`)];
}

function isSameAffinity(next: VolumeNodeAffinity, previous: VolumeNodeAffinity): boolean {
  if (next.required === undefined || previous.required === undefined)
    return next.required === previous.required;
  const terms = next.required.nodeSelectorTerms ?? [];
  const termsBefore = previous.required.nodeSelectorTerms ?? [];
  if (terms.length !== termsBefore.length) return false;
  return terms.every((term, index) => {
    const before = termsBefore[index]!;
    return (["matchExpressions", "matchFields"] as const).every((list) =>
      areSameRequirements(term[list] ?? [], before[list] ?? []),
    );
  });
}

function areSameRequirements(
  next: readonly NodeSelectorRequirement[],
  previous: readonly NodeSelectorRequirement[],
): boolean {
  if (next.length !== previous.length) return false;
  return next.every((one, index) => {
    const before = previous[index]!;
    // What has no other name counts as renamed to nothing.
    const isRenamed = (NEW_LABELS[before.key] ?? "") === one.key;
    return jsonEquals(one, isRenamed ? { ...before, key: one.key } : before);
  });
}
