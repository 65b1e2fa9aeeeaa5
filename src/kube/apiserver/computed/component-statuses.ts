import { type ComponentStatus, type KubeObject, statusNotFound } from "../../api/index.ts";
import { failureOf, type HealthCheck } from "../health/health.ts";
import type { ServerContext } from "../server-context.ts";
import type { ComputedSource } from "./computed-kinds.ts";

/** How the other parts are, asked of them now. */
export const componentStatusSource: ComputedSource = {
  async get(context, name) {
    const check = context.components.find((component) => component.name === name);
    // Upstream's name of the resource here.
    if (check === undefined) throw statusNotFound({ group: "", resource: "componentstatus" }, name);
    return statusOf(check, context);
  },
  list: (context) => Promise.all(context.components.map((check) => statusOf(check, context))),
};

async function statusOf(check: HealthCheck, { clock }: ServerContext): Promise<KubeObject> {
  const failure = await failureOf(check, clock);
  const isHealthy = failure === undefined;
  const conditions: ComponentStatus["conditions"] = [
    { type: "Healthy", status: isHealthy ? "True" : "False", message: failure ?? "ok" },
  ];
  const metadata = { name: check.name, creationTimestamp: null } as KubeObject["metadata"];
  return { kind: "ComponentStatus", apiVersion: "v1", metadata, conditions };
}
