import { jsonEquals, labelSelectorFrom } from "../../../formats/index.ts";
import { ageColumn, containerColumns, nameColumn, textColumn } from "../columns.ts";
import { roundAmounts, setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../core/pod/disabled-fields.ts";
import { warningsOfClaim, warningsOfTemplate } from "../core/pod/warnings.ts";
import { forbidden, nonNegative } from "../field-error.ts";
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PodTemplateSpec,
  StatefulSet,
  StatefulSetSpec,
} from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { collisionCountDecremented } from "./collision-count.ts";
import { validateReplicaCounts } from "./replica-counts.ts";
import { validateStatefulSet } from "./stateful-set-validation.ts";

export const statefulSets: KindDefinition<StatefulSet> = {
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  resource: "statefulsets",
  singular: "statefulset",
  shortNames: ["sts"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.apps.v1.StatefulSet",
  nameValidation: "dns1123label",
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  takesOldMetadata: true,
  defaults,
  validate: validateStatefulSet,
  validateUpdate,
  validateStatusUpdate,
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    labelSelector: (set) => labelSelectorFrom(set.spec.selector).toString(),
  },
  columns: [
    nameColumn,
    textColumn("Ready", (set: StatefulSet) => `${set.status?.readyReplicas ?? 0}/${set.spec.replicas ?? 0}`),
    ageColumn,
    ...containerColumns((set) => set.spec.template?.spec?.containers ?? []),
  ],
};

function defaults(set: StatefulSet): void {
  set.spec ??= {} as StatefulSetSpec;
  const { spec } = set;
  spec.podManagementPolicy ||= "OrderedReady";
  setStrategyDefaults(spec);
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {} as PodTemplateSpec;
  setPodTemplateDefaults(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimDefaults(claim);
}

function setStrategyDefaults(spec: StatefulSetSpec): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = "RollingUpdate";
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === "RollingUpdate" && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
}

/** Inside the set a claim says its kind, whatever was sent. */
function setClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.apiVersion = "v1";
  claim.kind = "PersistentVolumeClaim";
  claim.spec ??= {} as PersistentVolumeClaimSpec;
  claim.spec.volumeMode ??= "Filesystem";
  roundAmounts(claim.spec.resources?.limits);
  roundAmounts(claim.spec.resources?.requests);
  claim.status ??= {};
  claim.status.phase ||= "Pending";
}

/** What may change. */
const MUTABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

function validateUpdate(next: StatefulSet, previous: StatefulSet): FieldError[] {
  if (jsonEquals(fixed(next.spec), fixed(previous.spec))) return [];
  const names = MUTABLE.map((field) => `'${field}'`);
  const why = `updates to statefulset spec for fields other than ${names.slice(0, -1).join(", ")} and ${names.at(-1)} are forbidden`;
  return [forbidden("spec", why)];
}

function fixed(spec: StatefulSetSpec): Partial<StatefulSetSpec> {
  const rest: Partial<StatefulSetSpec> = { ...spec };
  for (const field of MUTABLE) delete rest[field];
  return rest;
}

const STATUS_COUNTS = [
  "replicas",
  "readyReplicas",
  "currentReplicas",
  "updatedReplicas",
  "availableReplicas",
  "observedGeneration",
  "collisionCount",
] as const;

function validateStatusUpdate({ status }: StatefulSet, { status: before }: StatefulSet): FieldError[] {
  if (status === undefined) return collisionCountDecremented(status, before);
  return [
    ...STATUS_COUNTS.flatMap((field) => nonNegative(`status.${field}`, status[field])),
    ...validateReplicaCounts(
      status,
      ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
      "status.readyReplicas",
    ),
    ...collisionCountDecremented(status, before),
  ];
}

function warnings({ metadata, spec }: StatefulSet, previous?: StatefulSet): string[] {
  const isChanged = previous?.metadata.generation !== metadata.generation;
  // The field's name is upstream's own slip.
  const suffix = previous ? ".Spec" : "";
  return [
    ...(isChanged ? warningsOfTemplate(spec.template, "spec.template") : []),
    ...(spec.volumeClaimTemplates ?? []).flatMap((claim, index) =>
      warningsOfClaim(claim.spec, `spec.volumeClaimTemplates[${index}]${suffix}`),
    ),
    ...((spec.revisionHistoryLimit ?? 0) < 0
      ? [
          "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
        ]
      : []),
  ];
}

function prepareForCreate(set: StatefulSet): void {
  set.status = { replicas: 0, availableReplicas: 0 };
  dropMaxUnavailable(set.spec);
  dropDisabledTemplateFields(set.spec.template);
}

function prepareForUpdate(next: StatefulSet, previous: StatefulSet): void {
  keepStatus(next, previous);
  dropMaxUnavailable(next.spec, previous.spec);
  dropDisabledTemplateFields(next.spec.template, previous.spec.template);
}

/** The feature MaxUnavailableStatefulSet is off by default. */
function dropMaxUnavailable(next: StatefulSetSpec, previous?: StatefulSetSpec): void {
  if (previous?.updateStrategy?.rollingUpdate?.maxUnavailable !== undefined) return;
  delete next.updateStrategy?.rollingUpdate?.maxUnavailable;
}
