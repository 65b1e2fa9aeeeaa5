import { Buffer } from "node:buffer";
import { isDns1123Subdomain, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { validateInlineVolumeSpec } from "../core/persistent-volume/validate-spec.ts";
import { roundAmounts, setStorageDefaults } from "../core/pod/defaults.ts";
import { validateCsiDriverName } from "../core/pod/validate-storage-volumes.ts";
import { forbidden, IMMUTABLE, invalid, invalidEach, required, tooLong } from "../field-error.ts";
import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentSpec,
  VolumeError,
} from "../generated/types.ts";
import { goPointer, goStruct } from "../go-value.ts";
import { keepMetadata, keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const MAX_METADATA_BYTES = 256 * 1024;
const MAX_MESSAGE_BYTES = 1024;

export const volumeAttachments: KindDefinition<VolumeAttachment> = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  resource: "volumeattachments",
  singular: "volumeattachment",
  namespaced: false,
  model: "io.k8s.api.storage.v1.VolumeAttachment",
  hasStatus: true,
  statusTellsOfMetadata: "all",
  allowUnconditionalUpdate: false,
  tellsMetadataChangesOnce: true,
  tellsObjectTwice: true,
  returnsDeletedObject: true,
  defaults,
  validate: (attachment, previous) => [
    ...validate(attachment),
    ...(previous === undefined ? validateNames(attachment) : []),
  ],
  validateUpdate,
  validateStatusUpdate: (next, previous) => [
    ...validate(next),
    ...validate(next),
    ...validateUpdate(next, previous),
  ],
  prepareForCreate: (attachment) => {
    attachment.status = { attached: false };
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate,
  columns: [
    nameColumn,
    { ...textColumn("Attacher", ({ spec }: VolumeAttachment) => spec.attacher), format: "name" },
    textColumn("PV", ({ spec }: VolumeAttachment) => spec.source.persistentVolumeName ?? ""),
    textColumn("Node", ({ spec }: VolumeAttachment) => spec.nodeName),
    { name: "Attached", type: "boolean", cell: ({ status }: VolumeAttachment) => status?.attached ?? false },
    ageColumn,
  ],
};

function defaults({ spec }: VolumeAttachment): void {
  const volume = spec.source?.inlineVolumeSpec;
  if (volume === undefined) return;
  roundAmounts(volume.capacity);
  setStorageDefaults(volume);
}

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  return [
    ...(spec.attacher ? [] : [required("spec.attacher")]),
    ...validateSource(spec.source ?? {}, "spec.source"),
    ...invalidEach("spec.nodeName", spec.nodeName, isDns1123Subdomain(spec.nodeName)),
    ...validateMetadata(status?.attachmentMetadata ?? {}, "status.attachmentMetadata"),
    ...validateError(status?.attachError, "status.attachError"),
    ...validateError(status?.detachError, "status.detachError"),
  ];
}

function validateSource(source: VolumeAttachmentSource, path: string): FieldError[] {
  const { inlineVolumeSpec, persistentVolumeName } = source;
  const why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined) return [required(path, why)];
  if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) return [forbidden(path, why)];
  if (inlineVolumeSpec !== undefined)
    return validateInlineVolumeSpec(inlineVolumeSpec, `${path}.inlineVolumeSpec`);
  const at = `${path}.persistentVolumeName`;
  return persistentVolumeName === "" ? [required(at, "must specify non empty persistentVolumeName")] : [];
}

function validateMetadata(metadata: Record<string, string>, path: string): FieldError[] {
  const bytes = Object.entries(metadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("")), 0);
  return bytes > MAX_METADATA_BYTES ? [tooLong(path, MAX_METADATA_BYTES)] : [];
}

function validateError(error: VolumeError | undefined, path: string): FieldError[] {
  const { message = "", errorCode } = error ?? {};
  return [
    // Upstream tells the other limit.
    ...(Buffer.byteLength(message) > MAX_MESSAGE_BYTES
      ? [tooLong(`${path}.message`, MAX_METADATA_BYTES)]
      : []),
    ...(errorCode !== undefined && errorCode < 0
      ? [invalid(`${path}.errorCode`, errorCode, "must be between 0 and 2147483647, inclusive")]
      : []),
  ];
}

/** Names that older objects may have otherwise: only a new one is held to this (ValidateVolumeAttachmentV1). */
function validateNames({ spec }: VolumeAttachment): FieldError[] {
  const name = spec.source?.persistentVolumeName;
  return [
    ...validateCsiDriverName(spec.attacher, "spec.attacher"),
    ...(name === undefined
      ? []
      : invalidEach("spec.source.persistentVolumeName", name, isDns1123Subdomain(name))),
  ];
}

function validateUpdate({ spec }: VolumeAttachment, previous: VolumeAttachment): FieldError[] {
  return jsonEquals(spec, previous.spec) ? [] : [invalid("spec", goSpec(spec), IMMUTABLE)];
}

function goSpec({ attacher, source, nodeName }: VolumeAttachmentSpec) {
  return goStruct("storage.VolumeAttachmentSpec", {
    Attacher: attacher,
    Source: goStruct("storage.VolumeAttachmentSource", {
      PersistentVolumeName: goPointer("string", source?.persistentVolumeName),
      InlineVolumeSpec: goPointer("core.PersistentVolumeSpec", source?.inlineVolumeSpec),
    }),
    NodeName: nodeName,
  });
}

/** MutableCSINodeAllocatableCount is off by default in 1.33: codes of errors are dropped unless they are there already. */
function prepareForStatusUpdate(next: VolumeAttachment, previous: VolumeAttachment): void {
  keepSpec(next, previous);
  keepMetadata(next, previous);
  for (const field of ["attachError", "detachError"] as const)
    if (previous.status?.[field]?.errorCode === undefined) delete next.status?.[field]?.errorCode;
}
