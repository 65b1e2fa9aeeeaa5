import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { PriorityLevelConfiguration, PriorityLevelConfigurationSpec } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { validateConditionTypes } from "./condition-types.ts";
import { validatePriorityLevel } from "./validate-priority-level.ts";

export const priorityLevelConfigurations: KindDefinition<PriorityLevelConfiguration> = {
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  resource: "prioritylevelconfigurations",
  singular: "prioritylevelconfiguration",
  namespaced: false,
  model: "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration",
  hasStatus: true,
  statusTellsOfMetadata: "nothing",
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  tellsMetadataChangesOnce: true,
  defaults,
  validate: validatePriorityLevel,
  validateStatusUpdate: ({ status }) => validateConditionTypes(status?.conditions),
  prepareForCreate: (level) => {
    level.status = {};
  },
  columns: [
    nameColumn,
    textColumn("Type", ({ spec }: PriorityLevelConfiguration) => spec.type),
    textColumn(
      "NominalConcurrencyShares",
      ({ spec }: PriorityLevelConfiguration) => spec.limited?.nominalConcurrencyShares ?? NONE,
    ),
    textColumn("Queues", (level: PriorityLevelConfiguration) => queuingOf(level)?.queues ?? NONE),
    textColumn("HandSize", (level: PriorityLevelConfiguration) => queuingOf(level)?.handSize ?? NONE),
    textColumn(
      "QueueLengthLimit",
      (level: PriorityLevelConfiguration) => queuingOf(level)?.queueLengthLimit ?? NONE,
    ),
    ageColumn,
  ],
};

const NONE = "<none>";

const queuingOf = ({ spec }: PriorityLevelConfiguration) => spec.limited?.limitResponse?.queuing;

function defaults(level: PriorityLevelConfiguration): void {
  level.spec ??= {} as PriorityLevelConfigurationSpec;
  const { exempt, limited } = level.spec;
  if (exempt !== undefined) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}
