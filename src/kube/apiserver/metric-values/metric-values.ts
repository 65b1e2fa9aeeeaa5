import { apiVersionOf, type KindDefinition, type KubeObject, metricValueLists } from "../../api/index.ts";
import type { MetricSource } from "../../client/index.ts";
import { type ListedResource, resourcesOfList } from "../aggregation/told-resources.ts";
import type { NamedResources } from "../discovery/named-resources.ts";
import { noSuchResource } from "../no-such-resource.ts";
import type { ResourceRequestInfo } from "../request-info.ts";
import { methodNotAllowed } from "../routes.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { customItems } from "./custom-items.ts";
import { externalItems } from "./external-items.ts";

export const CUSTOM_METRICS = "custom.metrics.k8s.io";
export const EXTERNAL_METRICS = "external.metrics.k8s.io";

export interface MetricValuesOptions {
  source: () => MetricSource | undefined;
  /** Whether an add-on answers for some version of a group: it then has all of it. */
  isTakenOver: (group: string) => boolean;
}

/** The two APIs whose resources are metrics: their paths name no kinds, and what there is comes and goes with what is measured. */
export class MetricValues implements NamedResources {
  readonly #options: MetricValuesOptions;

  constructor(options: MetricValuesOptions) {
    this.#options = options;
  }

  /** Of what kind the answer to a request is; undefined where it is about something else. Throws NotFound and MethodNotAllowed. */
  kindOf(info: ResourceRequestInfo): KindDefinition | undefined {
    if (info.group !== CUSTOM_METRICS && info.group !== EXTERNAL_METRICS) return undefined;
    const kind = this.#served().find(
      ({ group, version }) => group === info.group && version === info.version,
    );
    if (!kind || !namesMetric(info)) throw noSuchResource();
    if (info.verb !== (info.group === CUSTOM_METRICS ? "get" : "list")) throw methodNotAllowed();
    return kind;
  }

  /** Undefined where the request is about another kind. */
  async answer(context: ServerContext, call: ResourceCall): Promise<Answer | undefined> {
    const { kind } = call;
    if (!metricValueLists.includes(kind)) return undefined;
    const source = this.#options.source() ?? NOTHING;
    const items =
      kind.group === CUSTOM_METRICS ? await customItems(context, source, call) : externalItems(source, call);
    const list = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: {}, items };
    return { form: "object", kind, object: list as unknown as KubeObject, code: 200 };
  }

  versions() {
    return this.#served().map(({ group, version, kind }) => {
      const resources = this.#resources(group, kind);
      return { group, version, resources, aggregated: resourcesOfList({ resources }) };
    });
  }

  #served(): KindDefinition[] {
    return metricValueLists.filter(({ group }) => !this.#options.isTakenOver(group));
  }

  #resources(group: string, kind: string): ListedResource[] {
    const entry = (name: string, namespaced: boolean): ListedResource => ({
      name,
      singularName: "",
      namespaced,
      kind,
      verbs: ["get"],
    });
    const names = (this.#options.source() ?? NOTHING).names();
    if (group === EXTERNAL_METRICS) return names.map(({ name }) => entry(name, true));
    const ofServices = names.filter(({ isOfService }) => isOfService);
    return [
      ...names.map(({ name }) => entry(`namespaces/${name}`, false)),
      ...names.map(({ name }) => entry(`pods/${name}`, true)),
      ...ofServices.map(({ name }) => entry(`services/${name}`, true)),
    ];
  }
}

const NOTHING: MetricSource = { names: () => [], series: () => [] };

/** `namespaces/N/RESOURCE/NAME/METRIC`, `RESOURCE/NAME/METRIC`, `namespaces/N/metrics/METRIC`; of external ones `namespaces/N/METRIC`. */
function namesMetric({ group, resource, name, namespace, subresource, rest }: ResourceRequestInfo): boolean {
  if (rest !== undefined) return false;
  if (group === EXTERNAL_METRICS) return namespace !== undefined && name === undefined;
  const isOfNamespace = resource === "metrics" && namespace !== undefined && subresource === undefined;
  return name !== undefined && (subresource !== undefined || isOfNamespace);
}
