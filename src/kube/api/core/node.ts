import { isLabelValue, isQualifiedName } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { duplicate, forbidden, invalid, invalidEach, oneOf } from "../field-error.ts";
import type { Node, NodeAddress, Taint } from "../generated/types.ts";
import { goStruct, goTimeLiteral } from "../go-value.ts";
import { parseCidr, validateCidr, warningsOfCidr } from "../ip-address.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import { proxySubresource } from "../subresource.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { roundAmounts } from "./pod/defaults.ts";
import { TAINT_EFFECTS } from "./pod/validate-placement.ts";
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
  subresources: [proxySubresource("NodeProxyOptions")],
  hasStatus: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  // A kubelet registers its node with the status filled in.
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
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
  // The one network and the list of them are two names of one field; the older name decides.
  const { spec, status } = node;
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
  if (status.allocatable === undefined && status.capacity !== undefined) {
    status.allocatable = { ...status.capacity };
  }
  roundAmounts(status.capacity);
  roundAmounts(status.allocatable);
}

/** Configuration by the API is gone since 1.24: what is not there already is dropped. */
function prepareForCreate(node: Node): void {
  delete node.spec.configSource;
  delete node.status?.config;
}

function prepareForUpdate(next: Node, previous: Node): void {
  keepStatus(next, previous);
  if (previous.spec.configSource === undefined) delete next.spec.configSource;
}

function prepareForStatusUpdate(next: Node, previous: Node): void {
  keepSpec(next, previous);
  if (previous.status?.config === undefined) delete next.status?.config;
}

function validate(node: Node): FieldError[] {
  return [
    ...validateTaints(node.spec.taints),
    ...validateResources(node),
    ...validateSwap(node.status?.nodeInfo?.swap?.capacity),
    ...validatePodCidrs(node.spec.podCIDRs ?? []),
  ];
}

function validateResources({ status }: Node): FieldError[] {
  return (["capacity", "allocatable"] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, quantity]) =>
      validateQuantity(name, quantity, `status.${list}.${name}`),
    ),
  );
}

function validateSwap(capacity: number | undefined): FieldError[] {
  if (capacity === undefined || capacity > 0) return [];
  return [invalid("metadata.nodeSwapStatus.capacity", capacity, "must be greater than zero")];
}

function validatePodCidrs(list: readonly string[]): FieldError[] {
  const path = "spec.podCIDRs";
  const errors = list.flatMap((cidr, index) => validateCidr(`${path}[${index}]`, cidr));
  if (list.length < 2) return errors;
  const families = new Set(list.map((cidr) => parseCidr(cidr)?.family));
  // One that is none leaves the question open; upstream says so in its own words.
  const bad = list.find((cidr) => parseCidr(cidr) === undefined);
  if (bad !== undefined) errors.push(notChecked(bad, path));
  if (bad === undefined && list.length === 2 && families.size === 2) return errors;
  return [...errors, invalid(path, list, "may specify no more than one CIDR for each IP family")];
}

function notChecked(cidr: string, field: string): FieldError {
  const why = `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[0]: <nil> (invalid CIDR address: ${cidr})`;
  return { type: "InternalError", field, message: `Internal error: ${why}` };
}

/** Told at the metadata, as upstream does. */
function validateTaints(taints: readonly Taint[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return (taints ?? []).flatMap((taint, index) => {
    const at = `metadata.taints[${index}]`;
    const { key, value = "", effect } = taint;
    const problems = isLabelValue(value);
    const pair = `${key}:${effect}`;
    const errors = [
      ...invalidEach(`${at}.key`, key, isQualifiedName(key)),
      ...(problems.length === 0 ? [] : [invalid(`${at}.value`, value, problems.join(";"))]),
      ...oneOf(`${at}.effect`, effect, TAINT_EFFECTS),
    ];
    if (seen.has(pair)) errors.push(duplicateTaint(taint, at));
    seen.add(pair);
    return errors;
  });
}

function duplicateTaint({ key, value = "", effect, timeAdded }: Taint, path: string): FieldError {
  const fields = { Key: key, Value: value, Effect: effect, TimeAdded: goTimeLiteral(timeAdded) };
  const error = duplicate(path, goStruct("core.Taint", fields));
  return { ...error, message: `${error.message}: taints must be unique by key and effect pair` };
}

/** `ValidateNodeUpdate`: of the spec and of the status alike. */
function validateUpdate(next: Node, previous: Node): FieldError[] {
  const { podCIDRs: before = [], providerID } = previous.spec;
  const now = next.spec.podCIDRs ?? [];
  const cidr = forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid');
  const changed = before.filter((one, index) => one !== now[index]).map(() => cidr);
  const errors = [
    ...validateResources(next),
    ...validateAddresses(next.status?.addresses ?? []),
    ...(before.length > 0 && now.length !== before.length ? [cidr] : changed),
  ];
  if (providerID && next.spec.providerID !== providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    errors.push(forbidden("spec.providerID", why));
  }
  errors.push(...validateTaints(next.spec.taints));
  if (next.spec.externalID !== previous.spec.externalID)
    errors.push(forbidden("spec.externalID", "may not be updated"));
  return errors;
}

function validateAddresses(addresses: readonly NodeAddress[]): FieldError[] {
  return addresses.flatMap(({ type, address }, index) =>
    addresses.slice(0, index).some((one) => one.type === type && one.address === address)
      ? [
          duplicate(
            `status.addresses[${index}]`,
            goStruct("core.NodeAddress", { Type: type, Address: address }),
          ),
        ]
      : [],
  );
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

function warnings({ spec }: Node): string[] {
  return [
    ...(spec.configSource ? ["spec.configSource: the feature is removed"] : []),
    ...(spec.externalID ? ["spec.externalID: this field is deprecated, and is unused by Kubernetes"] : []),
    ...(spec.podCIDRs ?? []).flatMap((cidr, index) => warningsOfCidr(`spec.podCIDRs[${index}]`, cidr)),
  ];
}
