import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { GoLiteral, goStringList, IMMUTABLE, invalid } from "../field-error.ts";
import type { ResourceQuota } from "../generated/types.ts";
import { dropStatus, keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { roundAmounts } from "./pod/defaults.ts";
import { validateAmounts } from "./resource-quota/validate-amounts.ts";
import { validateScopeSelector, validateScopes } from "./resource-quota/validate-scopes.ts";

export const resourceQuotas: KindDefinition<ResourceQuota> = {
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  resource: "resourcequotas",
  singular: "resourcequota",
  shortNames: ["quota"],
  namespaced: true,
  model: "io.k8s.api.core.v1.ResourceQuota",
  hasStatus: true,
  allowUnconditionalUpdate: true,
  takesOldMetadata: true,
  returnsDeletedObject: true,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate: validateStatus,
  prepareForCreate: (quota) => {
    dropStatus(quota);
    quota.status = {};
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: keepSpec,
  columns: [
    nameColumn,
    textColumn("Request", (quota: ResourceQuota) => usageText(quota, isRequest)),
    textColumn("Limit", (quota: ResourceQuota) => usageText(quota, (name) => !isRequest(name))),
    ageColumn,
  ],
};

const isRequest = (name: string) => !name.startsWith("limits.");

/** `cpu: 1/2, pods: 3/10`: what is used of what there is. */
function usageText({ status }: ResourceQuota, isShown: (name: string) => boolean): string {
  const names = Object.keys(status?.hard ?? {}).filter(isShown);
  return names
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? "0"}/${status!.hard![name]}`)
    .join(", ");
}

function defaults(quota: ResourceQuota): void {
  quota.spec ??= {};
  quota.status ??= {};
  for (const list of [quota.spec.hard, quota.status.hard, quota.status.used]) roundAmounts(list);
}

function validate({ spec }: ResourceQuota): FieldError[] {
  return [
    ...validateAmounts(spec.hard, "spec.hard"),
    ...validateScopes(spec, "spec.scopes"),
    ...validateScopeSelector(spec, "spec.scopeSelector"),
  ];
}

function validateStatus({ status }: ResourceQuota): FieldError[] {
  return [...validateAmounts(status?.hard, "status.hard"), ...validateAmounts(status?.used, "status.used")];
}

function validateUpdate({ spec: next }: ResourceQuota, { spec: previous }: ResourceQuota): FieldError[] {
  const [now, before] = [new Set(next.scopes), new Set(previous.scopes)];
  if (now.size === before.size && [...now].every((scope) => before.has(scope))) return [];
  const shown = new GoLiteral(goStringList(next.scopes, "core.ResourceQuotaScope"));
  return [invalid("spec.scopes", shown, IMMUTABLE)];
}
