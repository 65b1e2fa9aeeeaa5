import type { ConfigMap, Namespace } from "../../api/index.ts";
import { type ClusterLookup, NotingLookup } from "../cluster-lookup.ts";
import type { BackendTlsPolicy, ReferenceGrant } from "./gateway-types.ts";

/** What the Gateway API's translations may look at beside their own object. */
export interface GatewayLookup extends ClusterLookup {
  namespace(name: string): Namespace | undefined;
  configMap(key: string): ConfigMap | undefined;
  grants(namespace: string): readonly ReferenceGrant[];
  /** Of a Service. */
  tlsPolicies(service: string): readonly BackendTlsPolicy[];
}

/** Notes what is asked for: `namespace/shop`, `configmap/shop/ca`, `grants/shop`, `tls-policies/shop/web`. */
export class NotingGatewayLookup extends NotingLookup implements GatewayLookup {
  readonly #source: GatewayLookup;

  constructor(source: GatewayLookup) {
    super(source);
    this.#source = source;
  }

  namespace(name: string): Namespace | undefined {
    this.asked.add(`namespace/${name}`);
    return this.#source.namespace(name);
  }

  configMap(key: string): ConfigMap | undefined {
    this.asked.add(`configmap/${key}`);
    return this.#source.configMap(key);
  }

  grants(namespace: string): readonly ReferenceGrant[] {
    this.asked.add(`grants/${namespace}`);
    return this.#source.grants(namespace);
  }

  tlsPolicies(service: string): readonly BackendTlsPolicy[] {
    this.asked.add(`tls-policies/${service}`);
    return this.#source.tlsPolicies(service);
  }
}
