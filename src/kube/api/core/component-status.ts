import { nameColumn, textColumn } from "../columns.ts";
import type { ComponentStatus } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";

export const componentStatuses: KindDefinition<ComponentStatus> = {
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  resource: "componentstatuses",
  singular: "componentstatus",
  shortNames: ["cs"],
  namespaced: false,
  model: "io.k8s.api.core.v1.ComponentStatus",
  verbs: ["get", "list"],
  use: "computed",
  hasStatus: false,
  columns: [
    nameColumn,
    textColumn("Status", (one: ComponentStatus) => healthText(one)),
    textColumn("Message", (one: ComponentStatus) => healthOf(one)?.message ?? ""),
    textColumn("Error", (one: ComponentStatus) => healthOf(one)?.error ?? ""),
  ],
};

const healthOf = ({ conditions }: ComponentStatus) => conditions?.find(({ type }) => type === "Healthy");

function healthText(component: ComponentStatus): string {
  const health = healthOf(component);
  if (health === undefined) return "Unknown";
  return health.status === "True" ? "Healthy" : "Unhealthy";
}
