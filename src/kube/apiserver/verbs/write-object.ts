import { cloneJson, jsonEquals } from "../../../formats/index.ts";
import {
  type FieldError,
  isStatusError,
  type KindDefinition,
  type KubeObject,
  services,
  statusBadRequest,
  statusConflict,
  statusGenerateNameConflict,
  statusInvalid,
  statusNotFound,
  statusUnclassified,
  validateObjectMeta,
  validateUpdatedMeta,
} from "../../api/index.ts";
import type { AdmissionRequest } from "../admission/admission.ts";
import { type Companions, NO_COMPANIONS, type WriteOutcome } from "../objects/object-store.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { isReadyToRemove } from "./delete-plan.ts";
import { dropDuplicateOwners } from "./duplicate-owners.ts";
import {
  checkIdentity,
  checkUid,
  prepareMetadataForCreate,
  prepareMetadataForUpdate,
  raiseGeneration,
} from "./object-metadata.ts";

/** More than this many losses against other writers in a row are told to the client. */
const MAX_ATTEMPTS = 64;
const GENERATED_NAME_ATTEMPTS = 8;

/** Makes a new object: admission, defaults, validation, store. `decoded` becomes it, and is its caller's no more. */
export async function createObject(
  context: ServerContext,
  call: ResourceCall,
  decoded: KubeObject,
): Promise<StoredObject | KubeObject> {
  const { kind } = call;
  const isGenerated = !decoded.metadata.name && !!decoded.metadata.generateName;
  // Another name, other addresses: all else fails at the first attempt.
  const mayRepeat = isGenerated || kind === services;
  const sentVersion = decoded.metadata.resourceVersion;
  const avoid = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    const object = mayRepeat ? cloneJson(decoded) : decoded;
    const companions = await prepareCreate(context, call, object, avoid);
    if (call.query.dryRun) {
      await context.objects.refuseExisting(kind, object);
      return object;
    }
    // Only here upstream looks at a version that was sent: where it is one, it speaks of an object that is there.
    if (call.info.verb === "create" && /^0*[1-9]\d*$/.test(sentVersion ?? "")) {
      throw statusUnclassified("resourceVersion should not be set on objects to be created");
    }
    try {
      const outcome = await context.objects.create(kind, object, companions);
      if (outcome.done) return outcome.object;
    } catch (error) {
      if (!isGenerated || !isStatusError(error, "AlreadyExists")) throw error;
      if (attempt >= GENERATED_NAME_ATTEMPTS) throw statusGenerateNameConflict(kind, object.metadata.name);
    }
    if (attempt >= MAX_ATTEMPTS) throw statusConflict(kind, object.metadata.name);
  }
}

async function prepareCreate(
  context: ServerContext,
  call: ResourceCall,
  object: KubeObject,
  avoid: Set<string>,
): Promise<Companions> {
  const { kind, info } = call;
  const admission = admissionRequest(call, "CREATE", object, undefined);
  kind.defaults?.(object);
  dropDuplicateOwners(object, call, "sent");
  prepareMetadataForCreate(kind, object, info, context.clock.nowMs());
  await context.admission.mutate(admission);
  dropDuplicateOwners(object, call, "admitted");
  kind.defaults?.(object);
  const warnings: string[] = [];
  kind.prepareForCreate?.(object, warnings);
  const companions = await reserve(context, call, object, undefined, avoid);
  refuseInvalid(call, object, [...validateObjectMeta(object, kind), ...(kind.validate?.(object) ?? [])]);
  warn(call, [...warnings, ...(kind.warnings?.(object) ?? [])]);
  await context.admission.validate(admission);
  return companions;
}

/** These change single fields that clients may not change otherwise; their handlers checked what they write. */
const TRUSTED_SUBRESOURCES = new Set(["binding", "finalize"]);

export interface UpdateOptions {
  /** The body of a PUT, where the next state is one. */
  sent?: KubeObject;
  /** The rule of a subresource that lets through what an update of the object itself may not change, in place of the kind's. */
  validateUpdate?: (next: KubeObject, previous: KubeObject) => FieldError[];
  /** Makes the object where it is not there. */
  create?: () => Promise<StoredObject | KubeObject>;
}

export interface UpdateResult {
  object: StoredObject | KubeObject;
  created: boolean;
}

/**
 * Changes an object: `change` gives its next state from the current one and is asked again when another writer was
 * faster. An object whose last finalizer goes is removed by this.
 */
export async function updateObject(
  context: ServerContext,
  call: ResourceCall,
  change: (current: StoredObject) => KubeObject | Promise<KubeObject>,
  { sent, create, validateUpdate = call.kind.validateUpdate }: UpdateOptions = {},
): Promise<UpdateResult> {
  const { kind, info } = call;
  const avoid = new Set<string>();
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const current = await context.objects.find(kind, info.namespace, info.name!);
    if (sent) checkUid(kind, sent, current, { info, dryRun: call.query.dryRun === true });
    if (!current) {
      if (!create) throw statusNotFound(kind, info.name!);
      return { object: await create(), created: true };
    }
    const next = await change(current);
    const companions = await prepareUpdate(context, call, next, current, avoid, validateUpdate);
    if (call.query.dryRun) return { object: next, created: false };
    const outcome = await writeUpdate(context, call, current, next, companions);
    if (outcome.done) return { object: outcome.object, created: false };
  }
  throw statusConflict(kind, info.name!);
}

async function prepareUpdate(
  context: ServerContext,
  call: ResourceCall,
  next: KubeObject,
  current: StoredObject,
  avoid: Set<string>,
  validateUpdate: UpdateOptions["validateUpdate"],
): Promise<Companions> {
  const { kind, info } = call;
  const isStatus = info.subresource === "status";
  const previous = current.object;
  const admission = admissionRequest(call, "UPDATE", next, previous);
  prepareMetadataForUpdate(kind, next, current, info);
  if (TRUSTED_SUBRESOURCES.has(info.subresource ?? "")) return NO_COMPANIONS;
  kind.defaults?.(next);
  if (info.verb === "update") dropDuplicateOwners(next, call, "sent");
  await context.admission.mutate(admission);
  dropDuplicateOwners(next, call, "admitted");
  kind.defaults?.(next);
  if (isStatus) (kind.prepareForStatusUpdate ?? keepAllButStatus)(next, previous);
  else (kind.prepareForUpdate ?? keepStatus(call))(next, previous);
  if (!isStatus) raiseGeneration(kind, next, previous);
  const companions = isStatus ? NO_COMPANIONS : await reserve(context, call, next, previous, avoid);
  refuseInvalid(call, next, [
    ...validateUpdatedMeta(next, previous, kind),
    ...(isStatus
      ? (kind.validateStatusUpdate?.(next, previous) ?? [])
      : validateChanged(kind, next, validateUpdate?.(next, previous) ?? [])),
  ]);
  if (!info.subresource) warn(call, kind.warnings?.(next, previous) ?? []);
  if (isStatus) warn(call, kind.statusWarnings?.(next) ?? []);
  await context.admission.validate(admission);
  return companions;
}

async function writeUpdate(
  context: ServerContext,
  call: ResourceCall,
  current: StoredObject,
  next: KubeObject,
  companions: Companions,
): Promise<WriteOutcome> {
  const { kind } = call;
  if (isReadyToRemove(kind, next)) {
    return context.objects.remove(
      current,
      await reserve(context, call, undefined, current.object, new Set()),
    );
  }
  // The same content in another order of fields is no change.
  if (companions.operations.length === 0 && jsonEquals(next, current.object))
    return { done: true, object: current };
  return context.objects.replace(kind, current, next, companions);
}

/** What is to be written along with the object: addresses and ports that a Service gains or gives back. */
export async function reserve(
  context: ServerContext,
  call: ResourceCall,
  next: KubeObject | undefined,
  previous: KubeObject | undefined,
  avoid: Set<string>,
): Promise<Companions> {
  if (call.kind !== services) return NO_COMPANIONS;
  return context.services.reserve(next, previous, avoid, call.query.dryRun);
}

export function admissionRequest(
  call: ResourceCall,
  operation: AdmissionRequest["operation"],
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
): AdmissionRequest {
  const { kind, info, user, query, warnings } = call;
  return {
    operation,
    kind,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    object,
    oldObject,
    user,
    dryRun: query.dryRun === true,
    warn: (text) => {
      if (!warnings.includes(text)) warnings.push(text);
    },
  };
}

/** The request's body as an object of its kind. */
export function requireBody({ body, kind }: ResourceCall, bodyKind: KindDefinition = kind): KubeObject {
  const object = body.as(bodyKind);
  if (!object) throw statusBadRequest(`a ${bodyKind.kind} is needed as body`);
  object.metadata ??= {} as KubeObject["metadata"];
  return object;
}

/** The body of a PUT: an object of the name in the path. */
export function requireUpdate(call: ResourceCall, bodyKind?: KindDefinition): KubeObject {
  const object = requireBody(call, bodyKind);
  checkIdentity(call.kind, object, call.info);
  return object;
}

function validateChanged(kind: KindDefinition, next: KubeObject, ofChanges: FieldError[]): FieldError[] {
  const ofObject = kind.validate?.(next) ?? [];
  return kind.tellsChangesFirst ? [...ofChanges, ...ofObject] : [...ofObject, ...ofChanges];
}

function refuseInvalid({ kind }: ResourceCall, object: KubeObject, errors: FieldError[]): void {
  if (errors.length === 0) return;
  // Told of the kind that is stored.
  const of = { group: kind.storedAs?.group ?? kind.group, kind: kind.kind };
  throw statusInvalid(of, object.metadata.name ?? "", errors);
}

/** A write that is tried again says the same again. */
function warn(call: ResourceCall, warnings: readonly string[]): void {
  for (const warning of new Set(warnings)) if (!call.warnings.includes(warning)) call.warnings.push(warning);
}

/** Kinds with a status subresource change it only there. */
function keepStatus({ kind }: ResourceCall) {
  return (next: KubeObject, previous: KubeObject): void => {
    if (!kind.hasStatus) return;
    if (previous.status === undefined) delete next.status;
    else next.status = cloneJson(previous.status);
  };
}

function keepAllButStatus(next: KubeObject, previous: KubeObject): void {
  const { status } = next;
  for (const field of Object.keys(next)) delete next[field];
  Object.assign(next, cloneJson(previous));
  if (status === undefined) delete next.status;
  else next.status = status;
}
