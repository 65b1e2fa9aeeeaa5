import { isDeepStrictEqual } from "node:util";
import {
  ApiException,
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  type V1Deployment,
  type V1Service,
} from "@kubernetes/client-node";
import { childrenOf, LABEL } from "./children.ts";
import { inform, type Watched } from "./inform.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import { GROUP, PLURAL, type Site } from "./site.ts";
import { statusOf } from "./status.ts";

const CHILDREN: Watched[] = [
  { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", label: LABEL },
  { apiVersion: "v1", kind: "Service", plural: "services", label: LABEL },
  { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", label: LABEL },
];
const SITES = { group: GROUP, version: "v1", plural: PLURAL };

/** Looks after all sites: makes their children what they should be, and tells in their status how it stands. */
export class SiteController {
  readonly #config: KubeConfig;
  readonly #image: string;
  readonly #objects: KubernetesObjectApi;
  readonly #sites: CustomObjectsApi;

  /** `image` is what the sites' pods run. */
  constructor(config: KubeConfig, image: string) {
    this.#config = config;
    this.#image = image;
    this.#objects = KubernetesObjectApi.makeApiClient(config);
    this.#sites = config.makeApiClient(CustomObjectsApi);
  }

  run(signal: AbortSignal): void {
    const queue = new KeyedQueue((key) => this.#reconcile(key));
    const onObject = (object: KubernetesObject) => queue.add(keyOf(object));
    const sites = { apiVersion: `${GROUP}/v1`, kind: "Site", plural: PLURAL };
    for (const watched of [sites, ...CHILDREN]) inform(this.#config, watched, onObject, signal);
  }

  async #reconcile(key: string): Promise<void> {
    const [namespace, name] = key.split("/") as [string, string];
    const where = { ...SITES, namespace, name };
    const site: Site | undefined = await this.#sites.getNamespacedCustomObject(where).catch(absent);
    // The garbage collector takes away what a site leaves behind.
    if (site === undefined || site.metadata.deletionTimestamp) return;
    const [, deployment, service] = await Promise.all(
      childrenOf(site, this.#image).map((child) => this.#apply(child)),
    );
    const status = statusOf(site, deployment as V1Deployment, service as V1Service);
    if (isDeepStrictEqual(status, site.status)) return;
    // With its resource version: a status that was worked out from an older site is refused, and worked out again.
    const body = { metadata: { resourceVersion: site.metadata.resourceVersion }, status };
    const asMerge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    await this.#sites.patchNamespacedCustomObjectStatus({ ...where, body }, asMerge);
    console.log(`${key}: ${status.conditions![0]!.message}`);
  }

  /** Server-side apply: what the operator says is so, whoever has said otherwise; what others add stays. */
  #apply(child: KubernetesObject): Promise<KubernetesObject> {
    const strategy = PatchStrategy.ServerSideApply;
    return this.#objects.patch(child, undefined, undefined, "site-operator", true, strategy);
  }
}

/** `namespace/name` of the site that an object is, or belongs to. */
function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata!.namespace}/${metadata!.labels?.[LABEL] ?? metadata!.name}`;
}

function absent(error: unknown): undefined {
  if (error instanceof ApiException && error.code === 404) return undefined;
  throw error;
}
