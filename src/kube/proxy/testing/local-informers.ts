import { silentLogger } from "../../../base/index.ts";
import type { EndpointSlice, Service } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { IndexedInformer, objectKey } from "../../client/informer.ts";
import type { Informer, InformerFactory, ResourceRef } from "../../client/types.ts";

/** The real informers, fed by the test instead of by an API server's watch. */
export class LocalInformers implements InformerFactory {
  readonly #informers = new Map<string, IndexedInformer>();
  #revision = 0;

  informer<T extends KubeObject = KubeObject>(resource: ResourceRef): Informer<T> {
    return this.#of(resource.resource, resource) as unknown as Informer<T>;
  }

  release({ resource }: ResourceRef): void {
    this.#informers.delete(resource);
  }

  async run(): Promise<void> {}

  async synced(): Promise<void> {}

  /** Adds or replaces an object. */
  put(
    resource: string,
    object: {
      metadata: { name: string; namespace?: string; labels?: Record<string, string> };
    } & Record<string, unknown>,
  ): void {
    const metadata = {
      uid: `uid-${object.metadata.name}`,
      resourceVersion: String(++this.#revision),
      ...object.metadata,
    };
    const informer = this.#of(resource);
    const full = { ...object, metadata } as unknown as KubeObject;
    informer.apply(informer.get(objectKey(full)) ? "MODIFIED" : "ADDED", full);
  }

  delete(resource: string, key: string): void {
    const informer = this.#of(resource);
    const object = informer.get(key)!;
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) };
    informer.apply("DELETED", { ...object, metadata });
  }

  #of(name: string, resource?: ResourceRef): IndexedInformer {
    let informer = this.#informers.get(name);
    if (!informer) {
      const reference = resource ?? {
        group: "",
        version: "v1",
        resource: name,
        kind: name,
        namespaced: true,
      };
      informer = new IndexedInformer(reference, {}, silentLogger);
      informer.replace([]);
      this.#informers.set(name, informer);
    }
    return informer;
  }
}

export type ServiceSpec = NonNullable<Service["spec"]>;

export function service(name: string, spec: Partial<ServiceSpec>, extra: Partial<Service> = {}) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { type: "ClusterIP", ...spec },
    ...extra,
  };
}

export type SliceEndpoint = EndpointSlice["endpoints"][number];

export function slice(
  name: string,
  serviceName: string,
  port: { name?: string; port: number; protocol?: string },
  endpoints: SliceEndpoint[],
) {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      namespace: "default",
      labels: {
        "kubernetes.io/service-name": serviceName,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      },
    },
    addressType: "IPv4",
    ports: [{ protocol: "TCP", ...port }],
    endpoints,
  };
}
