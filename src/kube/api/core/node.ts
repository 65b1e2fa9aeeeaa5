import { isLabelValue, isQualifiedName, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { duplicate, forbidden, invalidEach, oneOf } from "../field-error.ts";
import type { Node, Taint } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateQuantity } from "./pod/validate-resources.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

export const nodes: KindDefinition<Node> = {
  group: "",
  version: "v1",
  kind: "Node",
  resource: "nodes",
  singular: "node",
  shortNames: ["no"],
  namespaced: false,
  model: "io.k8s.api.core.v1.Node",
  hasStatus: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  validateUpdate,
  // A kubelet registers its node with the status filled in.
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: keepSpec,
  selectableFields: (node) => ({ "spec.unschedulable": String(node.spec.unschedulable ?? false) }),
  columns: [
    nameColumn,
    textColumn("Status", statusText),
    textColumn("Roles", rolesText),
    ageColumn,
    textColumn("Version", (node: Node) => node.status?.nodeInfo?.kubeletVersion ?? ""),
    textColumn("Internal-IP", (node: Node) => addressOf(node, "InternalIP"), { wide: true }),
    textColumn("External-IP", (node: Node) => addressOf(node, "ExternalIP"), { wide: true }),
    textColumn("OS-Image", (node: Node) => node.status?.nodeInfo?.osImage || "<unknown>", { wide: true }),
    textColumn("Kernel-Version", (node: Node) => node.status?.nodeInfo?.kernelVersion || "<unknown>", {
      wide: true,
    }),
    textColumn(
      "Container-Runtime",
      (node: Node) => node.status?.nodeInfo?.containerRuntimeVersion || "<unknown>",
      {
        wide: true,
      },
    ),
  ],
};

function defaults(node: Node): void {
  node.spec ??= {};
  node.status ??= {};
  if (node.status.allocatable === undefined && node.status.capacity !== undefined) {
    node.status.allocatable = { ...node.status.capacity };
  }
}

function validate(node: Node): FieldError[] {
  const errors = validateTaints(node.spec.taints);
  for (const list of ["capacity", "allocatable"] as const) {
    for (const [name, quantity] of Object.entries(node.status?.[list] ?? {})) {
      errors.push(...validateQuantity(name, quantity, `status.${list}[${name}]`));
    }
  }
  return errors;
}

function validateTaints(taints: readonly Taint[] | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  taints?.forEach((taint, index) => {
    const at = `spec.taints[${index}]`;
    errors.push(...invalidEach(`${at}.key`, taint.key ?? "", isQualifiedName(taint.key ?? "")));
    errors.push(...invalidEach(`${at}.value`, taint.value ?? "", isLabelValue(taint.value ?? "")));
    errors.push(...oneOf(`${at}.effect`, taint.effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]));
    const pair = `${taint.key}:${taint.effect}`;
    if (seen.has(pair))
      errors.push({
        ...duplicate(at, taint),
        message: "Duplicate value: taints must be unique by key and effect pair",
      });
    seen.add(pair);
  });
  return errors;
}

const CHANGEABLE = ["taints", "unschedulable", "podCIDR", "podCIDRs", "providerID", "configSource"] as const;

function validateUpdate(next: Node, previous: Node): FieldError[] {
  const errors: FieldError[] = [];
  if (previous.spec.providerID && next.spec.providerID !== previous.spec.providerID) {
    errors.push(
      forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid'),
    );
  }
  if (previous.spec.podCIDRs?.length && !jsonEquals(next.spec.podCIDRs, previous.spec.podCIDRs)) {
    errors.push(forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'));
  }
  const rest = (spec: Node["spec"]) => ({
    ...spec,
    ...Object.fromEntries(CHANGEABLE.map((field) => [field, null])),
  });
  if (jsonEquals(rest(next.spec), rest(previous.spec))) return errors;
  const why =
    "node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)";
  return [...errors, forbidden("", why)];
}

function statusText(node: Node): string {
  const ready = node.status?.conditions?.find((one) => one.type === "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (node.spec.unschedulable) words.push("SchedulingDisabled");
  return words.join(",");
}

function rolesText(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length)
      roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === ROLE_LABEL && value !== "") roles.add(value);
  }
  return [...roles].sort().join(",") || "<none>";
}

function addressOf(node: Node, type: string): string {
  return node.status?.addresses?.find((one) => one.type === type)?.address ?? "<none>";
}
