import {
  componentStatuses,
  type KindDefinition,
  type KubeObject,
  nodeMetrics,
  podMetrics,
} from "../../api/index.ts";
import { parseFilter } from "../objects/object-filter.ts";
import { objectKey } from "../objects/object-keys.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { refuseListOptions } from "../verbs/list-options.ts";
import { componentStatusSource } from "./component-statuses.ts";
import { nodeMetricsSource, podMetricsSource } from "./resource-metrics.ts";

/** Works out the objects of a kind that is not stored. */
export interface ComputedSource {
  /** Throws StatusError NotFound. */
  get(context: ServerContext, name: string, namespace: string | undefined): Promise<KubeObject>;
  list(context: ServerContext, namespace: string | undefined): Promise<KubeObject[]>;
}

const SOURCES = new Map<KindDefinition, ComputedSource>([
  [componentStatuses, componentStatusSource],
  [nodeMetrics, nodeMetricsSource],
  [podMetrics, podMetricsSource],
]);

/** The answer to a read of a computed kind; undefined where the request is about another kind. */
export async function computedAnswer(
  context: ServerContext,
  { kind, info, query }: ResourceCall,
): Promise<Answer | undefined> {
  const source = kind.use === "computed" ? SOURCES.get(kind) : undefined;
  if (!source) return undefined;
  if (info.verb === "get") {
    const object = await source.get(context, info.name!, info.namespace);
    return { form: "object", kind, object, code: 200 };
  }
  refuseListOptions(query);
  const filter = parseFilter(kind, query, info.name);
  const items = (await source.list(context, info.namespace))
    .map((object) => {
      const { namespace, name } = object.metadata;
      return StoredObject.computed(objectKey(kind, namespace, name), object);
    })
    .filter((item) => filter === undefined || filter.matches(item));
  return { form: "list", kind, list: { items, resourceVersion: "" } };
}
