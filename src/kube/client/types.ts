import type { ApiObject, KubeList, KubeObject, Requester, ResourceRef } from "../api/types.ts";

export type { Requester as UserInfo, ResourceRef } from "../api/types.ts";

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
  signal?: AbortSignal;
}

export interface GetOptions {
  subresource?: string;
  /** Of custom metrics of several objects (`*`). */
  labelSelector?: string;
  metricLabelSelector?: string;
}

export interface WatchOptions extends ListOptions {
  allowWatchBookmarks?: boolean;
  timeoutSeconds?: number;
  sendInitialEvents?: boolean;
}

export type WatchEvent<T = KubeObject> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | {
      type: "BOOKMARK";
      object: { metadata: { resourceVersion: string; annotations?: Record<string, string> } };
    };

/** What `create` takes: the server fills the rest of the metadata; apiVersion and kind come from the resource. */
// biome-ignore lint/suspicious/noExplicitAny: the body's shape depends on the kind
export type NewObject<T extends ApiObject = KubeObject> = { [field in keyof T]?: any } & {
  metadata: Partial<KubeObject["metadata"]>;
};

export type PatchType = "json" | "merge" | "strategic" | "apply";

export interface WriteOptions {
  fieldManager?: string;
  dryRun?: boolean;
  /** Of a patch that applies: takes fields from other managers. */
  force?: boolean;
  /** `status`, `scale`, `binding`, `eviction`, `token`, `finalize`, … */
  subresource?: string;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
}

/**
 * The API as controllers, scheduler, kubelet, proxy and DNS see it: in process (no wire, same authorization and
 * admission) or over HTTPS. Objects handed out are frozen. Refusals throw StatusError (kube/api); a watch that lost its
 * place throws a StatusError with reason Expired.
 */
export interface KubeClient {
  get<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    namespace: string | undefined,
    name: string,
    options?: GetOptions,
  ): Promise<T>;
  list<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    options?: ListOptions,
  ): Promise<KubeList<T>>;
  watch<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    options?: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  /** The object's metadata says namespace and name. */
  create<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    object: NewObject<T>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Optimistic: fails with Conflict when metadata.resourceVersion is not the newest. */
  update<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  updateStatus<T extends ApiObject = ApiObject>(resource: ResourceRef<T>, object: T): Promise<T>;
  patch<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  delete(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>;
  deleteCollection(resource: ResourceRef, options: ListOptions & DeleteOptions): Promise<void>;
  /** POST to a subresource of an object (`pods/binding`, `pods/eviction`, `serviceaccounts/token`). */
  createSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: object,
  ): Promise<KubeObject>;
  /** Resolves when a server answers after none did, or the signal aborts; absent where the server is in the same process. */
  untilAnswered?(signal: AbortSignal): Promise<void>;
}

/** Declared here because the client needs it in process; `kube/apiserver` provides it. One method a kind of call. */
export interface ApiBackend {
  call(request: ApiRequest, user: Requester, signal?: AbortSignal): Promise<KubeObject>;
  watch(request: ApiRequest, user: Requester, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

export interface ApiRequest {
  verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";
  group: string;
  version: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** Decoded body: an object, or for a JSON patch the list of operations. */
  body?: unknown;
  patchType?: PatchType;
  /** Who the caller says that it is: `kube-scheduler/v1.33.0`. Names the owner of the fields that it writes. */
  userAgent?: string;
  query: {
    labelSelector?: string;
    fieldSelector?: string;
    /** Of custom metrics: selects series by their labels. */
    metricLabelSelector?: string;
    limit?: number;
    continue?: string;
    resourceVersion?: string;
    resourceVersionMatch?: string;
    allowWatchBookmarks?: boolean;
    sendInitialEvents?: boolean;
    timeoutSeconds?: number;
    dryRun?: boolean;
    fieldManager?: string;
    fieldValidation?: "Ignore" | "Warn" | "Strict";
    force?: boolean;
  };
}

export interface InformerHandlers<T> {
  onAdd?: (object: T) => void;
  onUpdate?: (object: T, previous: T) => void;
  onDelete?: (object: T) => void;
}

/** A local, always current copy of one resource, updated by the event. */
export interface Informer<T extends ApiObject = ApiObject> {
  readonly hasSynced: boolean;
  synced(signal?: AbortSignal): Promise<void>;
  /** Key is `namespace/name`, or `name` for cluster-scoped kinds. */
  get(key: string): T | undefined;
  list(namespace?: string): Iterable<T>;
  /** Handlers added late first get an onAdd for each object that is there. */
  subscribe(handlers: InformerHandlers<T>): () => void;
  /** Adds an index before start; `byIndex` then answers in constant time. */
  addIndex(name: string, keysOf: (object: T) => readonly string[]): void;
  byIndex(name: string, key: string): readonly T[];
}

export interface InformerFactory {
  /** The same informer for the same resource and selector. */
  informer<T extends ApiObject = ApiObject>(
    resource: ResourceRef<T>,
    options?: { fieldSelector?: string; labelSelector?: string },
  ): Informer<T>;
  /** Ends the informers of a resource that is no longer served, and forgets them. */
  release(resource: ResourceRef): void;
  /** Starts all informers asked for so far (and later ones at once); resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  synced(signal?: AbortSignal): Promise<void>;
}
