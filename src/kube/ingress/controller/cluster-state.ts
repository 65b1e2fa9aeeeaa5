import {
  type ConfigMap,
  configMaps,
  type EndpointSlice,
  endpointSlices,
  type Namespace,
  namespaces,
  type Secret,
  type Service,
  secrets,
  services,
} from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";
import type { InformerFactory } from "../../client/types.ts";
import type { ServiceSource } from "../backends/backend-keeper.ts";
import type { ClusterLookup, Dependency } from "../cluster-lookup.ts";
import { LazyInformer } from "./lazy-informer.ts";

export interface ClusterStateOptions {
  informers: InformerFactory;
  /** Something that translations have looked at is other than before. */
  onChange(dependency: Dependency): void;
  /** Endpoints or ports of a Service are other than before. */
  onService(key: string): void;
  /** One more kind is known completely. */
  onSynced(): void;
}

const SERVICE_NAME = "kubernetes.io/service-name";
/** What holds no certificate and no users, and can be large. */
const OTHER_SECRETS = [
  "helm.sh/release.v1",
  "kubernetes.io/service-account-token",
  "bootstrap.kubernetes.io/token",
];

const keyOf = ({ metadata }: ApiObject) =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;

/** What the cluster has beside the objects that are translated. Nothing of it is watched before it is asked for. */
export class ClusterState implements ClusterLookup, ServiceSource {
  readonly #services: LazyInformer<Service>;
  readonly #slices: LazyInformer<EndpointSlice>;
  readonly #secrets: LazyInformer<Secret>;
  readonly #configMaps: LazyInformer<ConfigMap>;
  readonly #namespaces: LazyInformer<Namespace>;

  constructor({ informers, onChange, onService, onSynced }: ClusterStateOptions) {
    const common = { informers, onSynced };
    const telling = (what: string) => (object: ApiObject) => onChange(`${what}/${keyOf(object)}`);
    this.#services = new LazyInformer<Service>({
      ...common,
      resource: services,
      onChange: (service, previous) => {
        if (previous && JSON.stringify(previous.spec.ports) === JSON.stringify(service.spec.ports)) return;
        onChange(`service/${keyOf(service)}`);
        onService(keyOf(service));
      },
    });
    this.#slices = new LazyInformer<EndpointSlice>({
      ...common,
      resource: endpointSlices,
      index: { name: "ingress/service", keysOf: serviceOf },
      onChange: (slice, previous) => {
        for (const key of new Set([...serviceOf(slice), ...(previous ? serviceOf(previous) : [])]))
          onService(key);
      },
    });
    this.#secrets = new LazyInformer<Secret>({
      ...common,
      resource: secrets,
      fieldSelector: OTHER_SECRETS.map((type) => `type!=${type}`).join(","),
      onChange: telling("secret"),
    });
    this.#configMaps = new LazyInformer<ConfigMap>({
      ...common,
      resource: configMaps,
      onChange: telling("configmap"),
    });
    this.#namespaces = new LazyInformer<Namespace>({
      ...common,
      resource: namespaces,
      onChange: (one, previous) => {
        if (JSON.stringify(one.metadata.labels) !== JSON.stringify(previous?.metadata.labels ?? null))
          onChange(`namespace/${keyOf(one)}`);
      },
    });
  }

  /** All that was asked for so far is known. */
  get isComplete(): boolean {
    return this.#all().every((one) => one.isComplete);
  }

  service(key: string): Service | undefined {
    return this.#services.get(key);
  }

  slices(service: string): readonly EndpointSlice[] {
    return this.#slices.byIndex(service);
  }

  secret(key: string): Secret | undefined {
    return this.#secrets.get(key);
  }

  configMap(key: string): ConfigMap | undefined {
    return this.#configMaps.get(key);
  }

  namespace(name: string): Namespace | undefined {
    return this.#namespaces.get(name);
  }

  stop(): void {
    for (const one of this.#all()) one.stop();
  }

  #all(): readonly Pick<LazyInformer<never>, "isComplete" | "stop">[] {
    return [this.#services, this.#slices, this.#secrets, this.#configMaps, this.#namespaces];
  }
}

function serviceOf({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name ? [`${metadata.namespace}/${name}`] : [];
}
