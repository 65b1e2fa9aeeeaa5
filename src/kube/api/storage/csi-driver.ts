import { jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import {
  duplicate,
  GoLiteral,
  goStringList,
  IMMUTABLE,
  invalid,
  notSupported,
  optionalOneOf,
} from "../field-error.ts";
import type { CSIDriver, CSIDriverSpec, StorageV1TokenRequest } from "../generated/types.ts";
import type { FieldError, KindDefinition, TableColumn } from "../types.ts";

const GROUP_POLICIES = ["File", "None", "ReadWriteOnceWithFSType"];
const LIFECYCLE_MODES = ["Persistent", "Ephemeral"];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

export const csiDrivers: KindDefinition<CSIDriver> = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  resource: "csidrivers",
  singular: "csidriver",
  namespaced: false,
  model: "io.k8s.api.storage.v1.CSIDriver",
  hasStatus: false,
  allowUnconditionalUpdate: false,
  takesOldMetadata: true,
  returnsDeletedObject: true,
  defaults,
  validate,
  validateUpdate,
  prepareForCreate: (driver) => dropDisabledFields(driver.spec),
  prepareForUpdate,
  columns: [
    nameColumn,
    booleanColumn("AttachRequired", ({ spec }) => spec.attachRequired ?? true),
    booleanColumn("PodInfoOnMount", ({ spec }) => spec.podInfoOnMount ?? false),
    booleanColumn("StorageCapacity", ({ spec }) => spec.storageCapacity ?? false),
    textColumn("TokenRequests", ({ spec }: CSIDriver) => audiencesText(spec.tokenRequests)),
    booleanColumn("RequiresRepublish", ({ spec }) => spec.requiresRepublish ?? false),
    textColumn("Modes", ({ spec }: CSIDriver) => spec.volumeLifecycleModes?.join(",") || "<none>"),
    ageColumn,
  ],
};

function booleanColumn(name: string, cell: (driver: CSIDriver) => boolean): TableColumn {
  return { name, type: "boolean", cell };
}

const audiencesText = (requests: readonly StorageV1TokenRequest[] | undefined) =>
  requests?.map((one) => one.audience).join(",") ?? "<unset>";

function defaults(driver: CSIDriver): void {
  driver.spec ??= {};
  const { spec } = driver;
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

/** MutableCSINodeAllocatableCount is off by default in 1.33: its field is dropped unless the driver has it already. */
function dropDisabledFields(next: CSIDriverSpec, previous?: CSIDriverSpec): void {
  if (previous?.nodeAllocatableUpdatePeriodSeconds === undefined)
    delete next.nodeAllocatableUpdatePeriodSeconds;
}

/** The generation counts changes from nothing: a new driver has none. */
function prepareForUpdate(next: CSIDriver, previous: CSIDriver): void {
  dropDisabledFields(next.spec, previous.spec);
  if (!jsonEquals(next.spec, previous.spec))
    next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
}

function validate({ spec }: CSIDriver): FieldError[] {
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  return [
    ...optionalOneOf("spec.fsGroupPolicy", spec.fsGroupPolicy, GROUP_POLICIES),
    ...validateTokenRequests(spec.tokenRequests ?? [], "spec.tokenRequests"),
    ...(spec.volumeLifecycleModes ?? [])
      .filter((mode) => !LIFECYCLE_MODES.includes(mode))
      .map((mode) => notSupported("spec.volumeLifecycleModes", mode, LIFECYCLE_MODES)),
    ...(period !== undefined && period < 10
      ? [
          invalid(
            "spec.nodeAllocatableUpdatePeriodSeconds",
            period,
            "must be greater than or equal to 10 seconds",
          ),
        ]
      : []),
  ];
}

function validateTokenRequests(requests: readonly StorageV1TokenRequest[], path: string): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds: seconds }, index) => {
    const at = `${path}[${index}]`;
    if (audiences.has(audience)) return [duplicate(`${at}.audience`, audience)];
    audiences.add(audience);
    if (seconds === undefined) return [];
    if (seconds < MIN_TOKEN_SECONDS)
      return [invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration less than 10 minutes")];
    return seconds > MAX_TOKEN_SECONDS
      ? [invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration larger than 2^32 seconds")]
      : [];
  });
}

function validateUpdate({ spec: next }: CSIDriver, { spec: previous }: CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  // Upstream's name for the field.
  if (next.attachRequired !== previous.attachRequired)
    errors.push(invalid("spec.attachedRequired", next.attachRequired, IMMUTABLE));
  if (!jsonEquals(next.volumeLifecycleModes, previous.volumeLifecycleModes)) {
    const modes = new GoLiteral(goStringList(next.volumeLifecycleModes, "storage.VolumeLifecycleMode"));
    errors.push(invalid("spec.volumeLifecycleModes", modes, IMMUTABLE));
  }
  return errors;
}
