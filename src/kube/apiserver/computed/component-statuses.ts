import { type ComponentStatus, componentStatuses, type KubeObject, statusNotFound } from "../api/index.ts";
import { failureOf, type HealthCheck } from "./health.ts";
import { parseFilter } from "./objects/object-filter.ts";
import { objectKey } from "./objects/object-keys.ts";
import { StoredObject } from "./objects/stored-object.ts";
import type { Answer, ResourceCall, ServerContext } from "./server-context.ts";
import { refuseListOptions } from "./verbs/list-options.ts";

/** How the other parts are, asked of them now; undefined where the request is about another kind. */
export async function componentStatusAnswer(
  context: ServerContext,
  call: ResourceCall,
): Promise<Answer | undefined> {
  const { kind, info, query } = call;
  if (kind !== componentStatuses) return undefined;
  if (info.verb === "get") {
    const check = context.components.find(({ name }) => name === info.name);
    // Upstream's name of the resource here.
    if (check === undefined) throw statusNotFound({ group: "", resource: "componentstatus" }, info.name!);
    return { form: "object", kind, object: await statusOf(check, context), code: 200 };
  }
  refuseListOptions(query);
  const filter = parseFilter(kind, query, info.name);
  const objects = await Promise.all(context.components.map((check) => statusOf(check, context)));
  const items = objects
    .map((object) => StoredObject.computed(objectKey(kind, undefined, object.metadata.name), object))
    .filter((item) => filter === undefined || filter.matches(item));
  return { form: "list", kind, list: { items, resourceVersion: "" } };
}

async function statusOf(check: HealthCheck, { clock }: ServerContext): Promise<KubeObject> {
  const failure = await failureOf(check, clock);
  const isHealthy = failure === undefined;
  const conditions: ComponentStatus["conditions"] = [
    { type: "Healthy", status: isHealthy ? "True" : "False", message: failure ?? "ok" },
  ];
  const metadata = { name: check.name, creationTimestamp: null } as KubeObject["metadata"];
  return { kind: "ComponentStatus", apiVersion: "v1", metadata, conditions };
}
