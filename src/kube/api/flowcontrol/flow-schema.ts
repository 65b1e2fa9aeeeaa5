import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { FlowSchema, FlowSchemaSpec } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { validateConditionTypes } from "./condition-types.ts";
import { validateFlowSchema } from "./validate-flow-schema.ts";

export const flowSchemas: KindDefinition<FlowSchema> = {
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  resource: "flowschemas",
  singular: "flowschema",
  namespaced: false,
  model: "io.k8s.api.flowcontrol.v1.FlowSchema",
  hasStatus: true,
  statusTellsOfMetadata: "nothing",
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  tellsMetadataChangesOnce: true,
  defaults,
  validate: validateFlowSchema,
  validateStatusUpdate: ({ status }) => validateConditionTypes(status?.conditions),
  prepareForCreate: (schema) => {
    schema.status = {};
  },
  compareRows,
  columns: [
    nameColumn,
    textColumn("PriorityLevel", ({ spec }: FlowSchema) => spec.priorityLevelConfiguration.name),
    textColumn("MatchingPrecedence", ({ spec }: FlowSchema) => spec.matchingPrecedence ?? 0),
    textColumn("DistinguisherMethod", ({ spec }: FlowSchema) => spec.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    textColumn("MissingPL", missingPriorityLevel),
  ],
};

const DEFAULT_PRECEDENCE = 1000;

function defaults(schema: FlowSchema): void {
  schema.spec ??= {} as FlowSchemaSpec;
  schema.spec.matchingPrecedence ||= DEFAULT_PRECEDENCE;
}

/** In the order in which requests are matched (upstream FlowSchemaSequence). */
function compareRows(one: FlowSchema, other: FlowSchema): number {
  const byPrecedence = (one.spec.matchingPrecedence ?? 0) - (other.spec.matchingPrecedence ?? 0);
  return byPrecedence || (one.metadata.name < other.metadata.name ? -1 : 1);
}

/** Unknown until somebody has looked. */
function missingPriorityLevel({ status }: FlowSchema): string {
  const dangling = status?.conditions?.find(({ type }) => type === "Dangling");
  return dangling === undefined ? "?" : (dangling.status ?? "");
}
