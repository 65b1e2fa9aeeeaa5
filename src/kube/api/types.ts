import type { Buffer } from "node:buffer";
import type { ManagedKind } from "./managed-fields/managed-kind.ts";
import type { ServedSubresource } from "./subresource.ts";

/** What every Kubernetes object has. In process, objects are frozen and shared: never change one, make a copy. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object of any kind, as it stands in JSON, where the code is the same for all kinds: in the API server. */
export interface KubeObject extends ApiObject {
  // biome-ignore lint/suspicious/noExplicitAny: the body's shape depends on the kind
  [field: string]: any;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: unknown[];
}

export interface KubeList<T = KubeObject> {
  apiVersion: string;
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

/** metav1.Status: the body of every refusal. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
    retryAfterSeconds?: number;
  };
  code?: number;
}

/** One entry of a field.ErrorList; `message` is complete, as upstream prints it after the path. */
export interface FieldError {
  /** apimachinery's field.ErrorType: `FieldValueRequired`, `FieldValueInvalid`, `FieldValueNotSupported`, `FieldValueForbidden`, `FieldValueDuplicate`, `FieldValueNotFound`, `FieldValueTooLong`, `FieldValueTypeInvalid`. */
  type: string;
  /** `spec.containers[0].image`. */
  field: string;
  message: string;
}

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** Which resource; a kind's definition, or written out. */
export interface ResourceRef<T extends ApiObject = ApiObject> {
  group: string;
  version: string;
  /** Lower-case plural: the path segment and the RBAC resource name. */
  resource: string;
  kind: string;
  namespaced: boolean;
  /** Never there: carries the type of the resource's objects to those who are given the reference. */
  readonly objectType?: T;
}

/** Who a request is from. */
export interface Requester {
  name: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

/** What a table row shows; `priority` 1 is `-o wide`. */
export interface TableColumn {
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  format?: string;
  description?: string;
  priority?: number;
  /** Rows have its cell, and no definition speaks of it: upstream forgot it. */
  isUndefined?: true;
  /** Text or number of the cell. `nowMs` serves ages. */
  // biome-ignore lint/suspicious/noExplicitAny: cells read kind-specific fields
  cell: (object: any, context: { nowMs: number }) => string | number | bigint | boolean | null;
}

/** Who writes an object, and when. */
export interface WriteContext {
  user: Requester;
  nowMs: number;
  /** What the client is told beside the answer. */
  warnings: string[];
}

export interface DefinedBy {
  /** Name of the definition, and the revision that was read. */
  name: string;
  revision: number;
  /** Objects that were written later stand in the store as the schemas want them. */
  sinceRevision: number;
}

/** Between the version in which objects are stored and the one in which a kind shows them. */
export interface KindConversion {
  /** Whether a stored object is shown as it is. */
  isShown(stored: { revision: number; bytes: Buffer }): boolean;
  /** Stored objects as the kind shows them, in their order. Throws what keeps one of them from being shown. */
  show(objects: readonly KubeObject[]): Promise<KubeObject[]>;
  /** An object of the kind as it is to be stored. */
  store(object: KubeObject): Promise<KubeObject>;
}

/** What an update through a subresource may do, where that carries the whole object. */
// biome-ignore lint/suspicious/noExplicitAny: kinds narrow T to their own generated type
export interface SubresourceStrategy<T extends ApiObject = any> {
  /** After admission: brings back all that is not the subresource's. */
  prepare: (next: T, previous: T, context?: WriteContext) => void;
  validate: (next: T, previous: T) => FieldError[];
  warnings?: (next: T, previous: T) => string[];
}

/**
 * Everything that is particular to one kind; the API server's handlers are the same for all. Functions get mutable
 * copies and may change them in place where they return nothing.
 */
// biome-ignore lint/suspicious/noExplicitAny: kinds narrow T to their own generated type
export interface KindDefinition<T extends ApiObject = any> extends ResourceRef<T> {
  singular: string;
  shortNames?: string[];
  categories?: string[];
  /** Definition name in the model tables: `io.k8s.api.core.v1.Pod`. */
  model: string;
  verbs?: string[];
  /**
   * Never stored: only created to get an answer (`request`), the body of a subresource, which has no path of its own (`body`),
   * or worked out when it is asked for (`computed`).
   */
  use?: "request" | "body" | "computed";
  /** Beside `status` and `scale`, which follow from `hasStatus` and `scale`. */
  subresources?: readonly ServedSubresource[];
  /** Other API versions in which a body of this kind is read as well. */
  readsVersions?: readonly string[];
  /** In place of the model: reads a JSON value as an object of the kind, by a schema of its own. Throws StatusError BadRequest. */
  readStructure?: (input: unknown) => { object: KubeObject; unknownFields: string[] };
  /** The kind of its lists, where that is not the kind's name with `List`. */
  listKind?: string;
  /** In place of the model: the schemas of the kind and of its list in the documents of OpenAPI. */
  openApi?: (version: 2 | 3) => { schema: Record<string, unknown>; listSchema: Record<string, unknown> };
  /** In place of the model: what managing its fields has to know. */
  managed?: ManagedKind;
  /** How its objects stand in the store, where that is not as the kind shows them. */
  conversion?: KindConversion;
  /** The custom resource definition that it is of. */
  definedBy?: DefinedBy;
  /** Told with every answer. */
  deprecation?: string;
  /** Takes reads and deletes only: what defines it is about to go. */
  isTerminating?: boolean;
  /** What the first delete makes of an object, in place, which then stays until somebody has seen to its end. `now` is a metav1.Time. */
  markForDeletion?: (object: T, now: string) => void;
  /** Fills absent fields as upstream's SetDefaults functions do. */
  defaults?: (object: T) => void;
  /** Upstream's validation after defaulting; metadata is validated for all kinds alike. `previous`: what an update changes. */
  validate?: (object: T, previous?: T, context?: WriteContext) => FieldError[];
  validateUpdate?: (next: T, previous: T) => FieldError[];
  /** What an update may not change is told before what no object of the kind may be. */
  tellsChangesFirst?: boolean;
  /** Before create: drop what clients may not set (status). What is told of that goes into the context's `warnings`. */
  prepareForCreate?: (object: T, context?: WriteContext) => void;
  /** Before update through the main resource: keep status, raise generation where spec changed. */
  prepareForUpdate?: (next: T, previous: T, context?: WriteContext) => void;
  /** What a client is told of an object that is taken (upstream WarningsOnCreate; with `previous`, WarningsOnUpdate). */
  warnings?: (object: T, previous?: T) => string[];
  /** Has a `/status` subresource: updates through it change only status (and metadata that upstream lets through). */
  hasStatus: boolean;
  prepareForStatusUpdate?: (next: T, previous: T, context?: WriteContext) => void;
  validateStatusUpdate?: (next: T, previous: T, context?: WriteContext) => FieldError[];
  statusWarnings?: (object: T) => string[];
  /** Whether spec changes raise metadata.generation. */
  tracksGeneration?: boolean;
  /** An empty list that was none before raises it, too (strategies that compare by reflect.DeepEqual). */
  generationTellsEmptyFromNone?: boolean;
  /** Has a `/scale` subresource. */
  scale?: { specReplicas: string; statusReplicas: string; labelSelector: (object: T) => string };
  /** Fields for `fieldSelector` beyond metadata.name and metadata.namespace. */
  selectableFields?: (object: T) => Record<string, string>;
  /** How a selector of any other field is refused, where not in the usual words. */
  unknownFieldText?: (field: string) => string;
  /** Grace of a delete in seconds; absent or 0: gone at once. */
  gracePeriodSeconds?: (object: T, requested: number | undefined) => number;
  /** PUT on an absent object creates it (Lease, Endpoints, …). */
  allowCreateOnUpdate?: boolean;
  allowUnconditionalUpdate?: boolean;
  /** Served under a second group or version: stored as the other kind, converted on the way in and out. */
  storedAs?: {
    group: string;
    version: string;
    resource: string;
    toStored: (object: T) => KubeObject;
    fromStored: (stored: KubeObject) => T;
  };
  /** Why the one object of this name may not be deleted, where that is so; a delete of all does not ask. */
  refusesDelete?: (name: string) => string | undefined;
  /** A delete that takes the object away answers with it; others answer a Status (registry ReturnDeletedObject). */
  returnsDeletedObject?: boolean;
  /** A delete that says nothing of dependents leaves them alone (registry DefaultGarbageCollectionPolicy). */
  orphansByDefault?: boolean;
  /** What such a delete is warned of. */
  orphansWarning?: string;
  /** Held by `spec.finalizers`, too: a delete marks it, and its status says `Terminating`, until they are gone. */
  heldBySpecFinalizers?: boolean;
  /** Goes away by itself, an hour after it was written. */
  expires?: boolean;
  /** Finalizers need no domain in their names. */
  takesAnyFinalizer?: boolean;
  /** Its rules of an update do not repeat what may not change in the metadata (upstream ValidateObjectMetaUpdate): told once. */
  tellsMetadataChangesOnce?: boolean;
  /**
   * What its rules of an update of the status say of the metadata after those of all kinds: what may not change, nothing, or
   * what they say of any update. `changes` where absent.
   */
  statusTellsOfMetadata?: "changes" | "nothing" | "all";
  /** Its rules of an update do not ask again for its rules of a new object's metadata: names may be older than those. */
  takesOldMetadata?: boolean;
  /** An update is told twice what is wrong with the object, metadata and all: upstream's ValidateUpdate asks, and what it calls asks again. */
  tellsObjectTwice?: boolean;
  /** The rule of `metadata.name`; a function where it depends on the rest of the object. */
  nameValidation?:
    | "dns1123subdomain"
    | "dns1123label"
    | "dns1035label"
    | "pathSegment"
    | ((name: string, object: T) => string[]);
  /** Annotations that show fields of upstream's internal object: what shows the metadata alone lacks them. */
  annotationsOfFields?: readonly string[];
  columns: TableColumn[];
  /** The order of a table's rows where it is not that of the names. */
  compareRows?: (one: T, other: T) => number;
}
