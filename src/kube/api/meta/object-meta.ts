import { Buffer } from "node:buffer";
import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPathSegment,
  isQualifiedName,
} from "../../../formats/index.ts";
import {
  forbidden,
  GoLiteral,
  IMMUTABLE,
  invalid,
  invalidEach,
  nonNegative,
  required,
  tooLong,
} from "../field-error.ts";
import { goTime } from "../go-value.ts";
import type { FieldError, KindDefinition, ObjectMeta, OwnerReference } from "../types.ts";

const MAX_ANNOTATION_BYTES = 256 * 1024;
export const STANDARD_FINALIZERS = ["kubernetes", "orphan", "foregroundDeletion"];

type NameRule = NonNullable<KindDefinition["nameValidation"]>;
interface HasMeta {
  metadata: Partial<ObjectMeta>;
}
type NameRuleOfAll = Exclude<NameRule, (...args: never[]) => unknown>;
type MetaKind = Pick<
  KindDefinition,
  | "namespaced"
  | "nameValidation"
  | "takesAnyFinalizer"
  | "tellsMetadataChangesOnce"
  | "takesOldMetadata"
  | "tellsObjectTwice"
  | "statusTellsOfMetadata"
>;

const NAME_RULES: Record<NameRuleOfAll, (name: string) => string[]> = {
  dns1123subdomain: isDns1123Subdomain,
  dns1123label: isDns1123Label,
  dns1035label: isDns1035Label,
  pathSegment: isPathSegment,
};

/** What is wrong with a name under a kind's rule; of a prefix for generated names a trailing dash is fine. */
function nameProblems(object: HasMeta, rule: NameRule | undefined, name: string, isPrefix = false): string[] {
  if (typeof rule === "function") return rule(name, object);
  const tested = isPrefix && name.endsWith("-") ? `${name.slice(0, -1)}a` : name;
  return NAME_RULES[rule ?? "dns1123subdomain"](tested);
}

/** Metadata of a new object, the same for all kinds (apimachinery ValidateObjectMeta). */
export function validateObjectMeta(object: HasMeta, kind: MetaKind, path = "metadata"): FieldError[] {
  const meta = object.metadata;
  const errors: FieldError[] = [];
  if (meta.generateName) {
    errors.push(
      ...invalidEach(
        `${path}.generateName`,
        meta.generateName,
        nameProblems(object, kind.nameValidation, meta.generateName, true),
      ),
    );
  }
  if (!meta.name) errors.push(required(`${path}.name`, "name or generateName is required"));
  else
    errors.push(
      ...invalidEach(`${path}.name`, meta.name, nameProblems(object, kind.nameValidation, meta.name)),
    );
  errors.push(...validateNamespace(meta.namespace, kind.namespaced, `${path}.namespace`));
  errors.push(...nonNegative(`${path}.generation`, meta.generation));
  errors.push(...validateLabels(meta.labels, `${path}.labels`));
  errors.push(...validateAnnotations(meta.annotations, `${path}.annotations`));
  errors.push(...validateOwnerReferences(meta.ownerReferences, `${path}.ownerReferences`));
  errors.push(...validateFinalizers(meta.finalizers, `${path}.finalizers`));
  return [...errors, ...finalizersOf(object, kind, path)];
}

function validateNamespace(namespace: string | undefined, namespaced: boolean, path: string): FieldError[] {
  if (!namespaced) return namespace ? [forbidden(path, "not allowed on this type")] : [];
  if (!namespace) return [required(path)];
  return invalidEach(path, namespace, isDns1123Label(namespace));
}

export function validateLabels(labels: Record<string, string> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.push(...invalidEach(path, key, isQualifiedName(key)));
    errors.push(...invalidEach(path, value, isLabelValue(value)));
  }
  return errors;
}

export function validateAnnotations(
  annotations: Record<string, string> | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.push(...invalidEach(path, key, isQualifiedName(key.toLowerCase())));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_ANNOTATION_BYTES) errors.push(tooLong(path, MAX_ANNOTATION_BYTES));
  return errors;
}

function validateOwnerReferences(owners: readonly OwnerReference[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const owner of owners ?? []) {
    if (!hasVersion(owner.apiVersion ?? ""))
      errors.push(invalid(`${path}.apiVersion`, owner.apiVersion ?? "", "version must not be empty"));
    for (const field of ["kind", "name", "uid"] as const) {
      if (!owner[field])
        errors.push(invalid(`${path}.${field}`, owner[field] ?? "", `${field} must not be empty`));
    }
    if (owner.apiVersion === "v1" && owner.kind === "Event") {
      errors.push(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"));
    }
    if (!owner.controller) continue;
    const current = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`;
      errors.push(invalid(path, owners, why));
    }
    controller ??= current;
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers ?? []) {
    errors.push(...invalidEach(path, finalizer, isQualifiedName(finalizer)));
  }
  if (finalizers?.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    const list = new GoLiteral(`[]string{${finalizers.map((one) => JSON.stringify(one)).join(", ")}}`);
    errors.push(invalid(path, list, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

/** Kubernetes' own kinds know which names without a domain there are (core validateKubeFinalizerName). */
function finalizersOf({ metadata }: HasMeta, kind: MetaKind, path = "metadata"): FieldError[] {
  if (kind.takesAnyFinalizer) return [];
  return (metadata.finalizers ?? []).flatMap((finalizer, index) =>
    finalizer.includes("/") || STANDARD_FINALIZERS.includes(finalizer)
      ? []
      : [
          invalid(
            `${path}.finalizers[${index}]`,
            finalizer,
            "name is neither a standard finalizer name nor is it fully qualified",
          ),
        ],
  );
}

/** `v1`, `apps/v1`; of more than one slash Go reads nothing (schema.FromAPIVersionAndKind). */
function hasVersion(apiVersion: string): boolean {
  const parts = apiVersion.split("/");
  return parts.length <= 2 && parts.at(-1) !== "";
}

/**
 * Metadata after an update, as upstream looks at it: the rules of all kinds, and then again those of the kind, so that
 * most causes are told twice (registry/rest BeforeUpdate, and the kinds' ValidateUpdate).
 */
export function validateUpdatedMeta(next: HasMeta, previous: HasMeta, kind: MetaKind): FieldError[] {
  const changes = validateObjectMetaUpdate(next, previous);
  const repeated = kind.tellsMetadataChangesOnce ? [] : [...changes, ...finalizersOf(next, kind)];
  const ofKind = kind.takesOldMetadata ? [] : validateObjectMeta(next, kind);
  const ofKindAgain = kind.tellsObjectTwice ? ofKind : [];
  return [...metaOfAll(next, kind), ...changes, ...repeated, ...ofKind, ...ofKindAgain];
}

/** The same after an update of the status, whose rules ask less of the kind. */
export function validateMetaOfStatus(next: HasMeta, previous: HasMeta, kind: MetaKind): FieldError[] {
  const told = kind.statusTellsOfMetadata ?? "changes";
  if (told === "all") return validateUpdatedMeta(next, previous, kind);
  const changes = validateObjectMetaUpdate(next, previous);
  const repeated = told === "nothing" ? [] : [...changes, ...finalizersOf(next, kind)];
  return [...metaOfAll(next, kind), ...changes, ...repeated];
}

const metaOfAll = (next: HasMeta, { namespaced }: MetaKind) =>
  validateObjectMeta(next, { namespaced, nameValidation: "pathSegment", takesAnyFinalizer: true });

/** What an update may not change about the metadata (apimachinery ValidateObjectMetaUpdate). */
export function validateObjectMetaUpdate(object: HasMeta, before: HasMeta, path = "metadata"): FieldError[] {
  const next = object.metadata;
  const previous = before.metadata;
  const errors: FieldError[] = [];
  const immutable = [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ] as const;
  for (const field of immutable) {
    if (next[field] === previous[field]) continue;
    const value = field.endsWith("Timestamp") && next[field] ? goTime(String(next[field])) : next[field];
    errors.push(invalid(`${path}.${field}`, value, IMMUTABLE));
  }
  if ((next.generation ?? 0) < (previous.generation ?? 0)) {
    errors.push(invalid(`${path}.generation`, next.generation, "must not be decremented"));
  }
  errors.push(...newFinalizersOfDeleted(next, previous, path));
  errors.push(...validateLabels(next.labels, `${path}.labels`));
  errors.push(...validateAnnotations(next.annotations, `${path}.annotations`));
  errors.push(...validateOwnerReferences(next.ownerReferences, `${path}.ownerReferences`));
  return errors;
}

function newFinalizersOfDeleted(
  next: HasMeta["metadata"],
  previous: HasMeta["metadata"],
  path: string,
): FieldError[] {
  if (previous.deletionTimestamp === undefined) return [];
  const added = (next.finalizers ?? []).filter((one) => !previous.finalizers?.includes(one)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((one) => JSON.stringify(one)).join(", ")}}`;
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [forbidden(`${path}.finalizers`, why)];
}
