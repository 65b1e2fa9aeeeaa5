import type { KubeList, KubeObject } from "../api/types.ts";
import type {
  ApiBackend,
  ApiRequest,
  DeleteOptions,
  GetOptions,
  KubeClient,
  ListOptions,
  NewObject,
  PatchType,
  ResourceRef,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./types.ts";

/**
 * A client that calls the API server's request chain directly: no wire and no copies, but the same authentication
 * outcome (`user`), authorization and admission as over HTTPS. The objects it hands out are frozen and shared.
 */
export function createInProcessClient(
  backend: ApiBackend,
  user: UserInfo,
  { userAgent = "gantry" }: { userAgent?: string } = {},
): KubeClient {
  return new InProcessClient(backend, user, userAgent);
}

class InProcessClient implements KubeClient {
  readonly #backend: ApiBackend;
  readonly #user: UserInfo;
  readonly #userAgent: string;

  constructor(backend: ApiBackend, user: UserInfo, userAgent: string) {
    this.#backend = backend;
    this.#user = user;
    this.#userAgent = userAgent;
  }

  async get<T extends KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    { subresource, ...query }: GetOptions = {},
  ): Promise<T> {
    return (await this.#call({
      ...target(resource, namespace, name, subresource),
      verb: "get",
      query,
    })) as T;
  }

  async list<T extends KubeObject>(resource: ResourceRef, options: ListOptions = {}): Promise<KubeList<T>> {
    const { namespace, signal, ...query } = options;
    const request: ApiRequest = { ...target(resource, namespace), verb: "list", query };
    return (await this.#call(request, signal)) as unknown as KubeList<T>;
  }

  watch<T extends KubeObject>(
    resource: ResourceRef,
    options: WatchOptions = {},
  ): AsyncIterable<WatchEvent<T>> {
    const { namespace, signal, ...query } = options;
    const request: ApiRequest = { ...target(resource, namespace), verb: "watch", query };
    return this.#backend.watch(request, this.#user, signal ?? new AbortController().signal) as AsyncIterable<
      WatchEvent<T>
    >;
  }

  async create<T extends KubeObject>(
    resource: ResourceRef,
    object: NewObject<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const { subresource, ...query } = options;
    const name = subresource === undefined ? undefined : object.metadata.name;
    return (await this.#call({
      ...target(resource, object.metadata.namespace, name, subresource),
      verb: "create",
      body: withTypeMeta(resource, object, subresource),
      query,
    })) as T;
  }

  async update<T extends KubeObject>(
    resource: ResourceRef,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { subresource, ...query } = options;
    return (await this.#call({
      ...target(resource, object.metadata.namespace, object.metadata.name, subresource),
      verb: "update",
      body: withTypeMeta(resource, object, subresource),
      query,
    })) as T;
  }

  updateStatus<T extends KubeObject>(resource: ResourceRef, object: T): Promise<T> {
    return this.update(resource, object, { subresource: "status" });
  }

  async patch<T extends KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    const { subresource, ...query } = options;
    return (await this.#call({
      ...target(resource, namespace, name, subresource),
      verb: "patch",
      patchType: type,
      body,
      query,
    })) as T;
  }

  async delete(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#call({
      ...target(resource, namespace, name),
      verb: "delete",
      body: deleteOptions(options),
      query: {},
    });
  }

  async deleteCollection(resource: ResourceRef, options: ListOptions & DeleteOptions): Promise<void> {
    const { namespace, signal, dryRun, gracePeriodSeconds, propagationPolicy, preconditions, ...query } =
      options;
    await this.#call(
      {
        ...target(resource, namespace),
        verb: "deletecollection",
        body: deleteOptions({ dryRun, gracePeriodSeconds, propagationPolicy, preconditions }),
        query,
      },
      signal,
    );
  }

  createSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: object,
  ): Promise<KubeObject> {
    return this.#call({
      ...target(resource, namespace, name, subresource),
      verb: "create",
      body,
      query: {},
    });
  }

  #call(request: ApiRequest, signal?: AbortSignal): Promise<KubeObject> {
    return this.#backend.call({ ...request, userAgent: this.#userAgent }, this.#user, signal);
  }
}

/** As a body: beside one, options in the query are not read. */
export function deleteOptions({ dryRun, ...options }: DeleteOptions): object {
  return { kind: "DeleteOptions", apiVersion: "v1", ...options, ...(dryRun ? { dryRun: ["All"] } : {}) };
}

function target(resource: ResourceRef, namespace?: string, name?: string, subresource?: string) {
  return {
    group: resource.group,
    version: resource.version,
    resource: resource.resource,
    ...(namespace !== undefined && resource.namespaced ? { namespace } : {}),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

/** Callers may leave apiVersion and kind out: the resource says them (except for bodies of other kinds, as Scale). */
export function withTypeMeta(resource: ResourceRef, object: object, subresource?: string): object {
  if (subresource !== undefined && subresource !== "status" && subresource !== "finalize") return object;
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  return { apiVersion, kind: resource.kind, ...object };
}
