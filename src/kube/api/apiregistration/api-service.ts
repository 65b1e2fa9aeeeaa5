import { cloneJson } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { APIService, APIServiceCondition } from "../generated/types.ts";
import { keepSpec } from "../strategy.ts";
import type { KindDefinition } from "../types.ts";
import { nameProblems, validateApiService, validateApiServiceStatus } from "./validate-api-service.ts";

export const apiServices: KindDefinition<APIService> = {
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  resource: "apiservices",
  singular: "apiservice",
  categories: ["api-extensions"],
  namespaced: false,
  model: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
  hasStatus: true,
  nameValidation: nameProblems,
  takesAnyFinalizer: true,
  defaults: ({ spec }) => {
    if (spec?.service) spec.service.port ??= 443;
  },
  validate: validateApiService,
  validateStatusUpdate: validateApiServiceStatus,
  prepareForCreate,
  prepareForStatusUpdate,
  columns: [
    nameColumn,
    textColumn("Service", ({ spec: { service } }: APIService) =>
      service === undefined ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`,
    ),
    textColumn("Available", availability),
    ageColumn,
  ],
};

/** What this server answers itself is always there. */
export function localAvailability(since: string | null): APIServiceCondition {
  return {
    type: "Available",
    status: "True",
    ...(since === null ? {} : { lastTransitionTime: since }),
    reason: "Local",
    message: "Local APIServices are always available",
  };
}

function prepareForCreate(service: APIService): void {
  const isLocal = service.spec.service === undefined;
  service.status = isLocal ? { conditions: [localAvailability(service.metadata.creationTimestamp)] } : {};
}

const KEPT = ["labels", "annotations", "finalizers", "ownerReferences"] as const;

function prepareForStatusUpdate(next: APIService, previous: APIService): void {
  keepSpec(next, previous);
  const metadata: Partial<APIService["metadata"]> = next.metadata;
  for (const field of KEPT) delete metadata[field];
  const kept = KEPT.flatMap((field) => {
    const value = previous.metadata[field];
    return value === undefined ? [] : [[field, cloneJson(value)]];
  });
  Object.assign(metadata, Object.fromEntries(kept));
}

function availability({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === "Available");
  if (condition === undefined) return "Unknown";
  if (condition.status === "True" || !condition.reason) return condition.status;
  return `${condition.status} (${condition.reason})`;
}
