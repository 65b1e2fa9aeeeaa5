import { type APIService, type ApiregistrationV1ServiceReference, apiServices } from "../../api/index.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { keyPrefix, objectKey } from "../objects/object-keys.ts";
import type { RequestInfo } from "../request-info.ts";

/** An APIService that another server answers for. */
export type RemoteApiService = APIService & {
  spec: { service: ApiregistrationV1ServiceReference };
};

/** Finds out who answers for a version of a group: what is written in the APIServices of this moment. */
export class AggregatedServices {
  readonly #cache: Pick<ObjectCache, "get" | "list">;

  constructor(cache: Pick<ObjectCache, "get" | "list">) {
    this.#cache = cache;
  }

  all(): readonly APIService[] {
    return this.#cache.list(keyPrefix(apiServices)).map(({ object }) => object as unknown as APIService);
  }

  find(group: string, version: string): APIService | undefined {
    const stored = this.#cache.get(objectKey(apiServices, undefined, `${version}.${group}`));
    return stored?.object as unknown as APIService | undefined;
  }

  /** Undefined where this server itself answers, or nobody does. */
  remote(group: string, version: string): RemoteApiService | undefined {
    const found = this.find(group, version);
    return found && isRemote(found) ? found : undefined;
  }

  /** Whether another server answers for a version of a group. */
  isTakenOver(group: string): boolean {
    return this.all().some((service) => service.spec.group === group && isRemote(service));
  }

  /** Who has to answer a request instead of this server. */
  answering(info: RequestInfo): RemoteApiService | undefined {
    if (info.isResource) return this.remote(info.group, info.version);
    const [, root, group, version] = info.path.split("/").map(decoded);
    if (root === "api" && group && version === undefined) return this.remote("", group);
    return root === "apis" && group && version ? this.remote(group, version) : undefined;
  }
}

export function isRemote(service: APIService): service is RemoteApiService {
  return service.spec.service !== undefined;
}

export function isAvailable({ status }: APIService): boolean {
  return status?.conditions?.find(({ type }) => type === "Available")?.status === "True";
}

/** What cannot be decoded is nobody's path. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
