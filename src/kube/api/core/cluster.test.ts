import { describe, expect, it } from "vitest";
import { controllerRevisions } from "../apps/controller-revision.ts";
import { leases } from "../coordination/lease.ts";
import { endpointSlices } from "../discovery/endpoint-slice.ts";
import { clusterRoles } from "../rbac/cluster-role.ts";
import { roles } from "../rbac/role.ts";
import { roleBindings } from "../rbac/role-binding.ts";
import { toTable } from "../table.ts";
import type { FieldError, KindDefinition, KubeObject } from "../types.ts";
import { endpoints } from "./endpoints.ts";
import { namespaces } from "./namespace.ts";
import { nodes } from "./node.ts";

const NOW = Date.parse("2024-05-01T12:00:00Z");
const make = <T extends KubeObject>(kind: KindDefinition<T>, fields: object, metadata: object = {}): T => {
  const object = {
    apiVersion: "v1",
    kind: kind.kind,
    metadata: { name: "x", creationTimestamp: "2024-05-01T11:59:00Z", ...metadata },
    ...fields,
  } as unknown as T;
  kind.defaults?.(object);
  return object;
};
const texts = (errors: FieldError[] | undefined) =>
  (errors ?? []).map((one) => `${one.field}: ${one.message}`);
const errorsOf = (kind: KindDefinition, fields: object) => texts(kind.validate?.(make(kind, fields)));
const cells = (kind: KindDefinition, object: KubeObject) =>
  toTable(kind, [object], { nowMs: NOW }).rows[0]!.cells;

describe("namespaces", () => {
  it("carry their name as a label, and a finalizer until all in them is gone", () => {
    const namespace = make(namespaces, {});
    namespaces.prepareForCreate!(namespace);
    expect(namespace).toMatchObject({
      metadata: { labels: { "kubernetes.io/metadata.name": "x" } },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
    expect(cells(namespaces, namespace)).toEqual(["x", "Active", "60s"]);
    const next = make(namespaces, { spec: { finalizers: [] } });
    namespaces.prepareForUpdate!(next, namespace);
    expect(next.spec.finalizers).toEqual(["kubernetes"]);
  });
});

describe("nodes", () => {
  const ready = { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1.33.0" } };

  it("show status, roles and version", () => {
    const labels = { "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "edge" };
    const node = make(nodes, { spec: { unschedulable: true }, status: ready }, { labels });
    expect(cells(nodes, node).slice(0, 6)).toEqual([
      "x",
      "Ready,SchedulingDisabled",
      "control-plane,edge",
      "60s",
      "v1.33.0",
      "<none>",
    ]);
    expect(cells(nodes, make(nodes, {})).slice(1, 3)).toEqual(["Unknown", "<none>"]);
  });

  it("check taints, and keep what only the control plane sets", () => {
    expect(errorsOf(nodes, { spec: { taints: [{ key: "a", effect: "Sometimes" }] } })).toEqual([
      'metadata.taints[0].effect: Unsupported value: "Sometimes": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ]);
    const before = make(nodes, { spec: { podCIDRs: ["10.0.0.0/24"] } });
    expect(nodes.validateUpdate!(make(nodes, { spec: { podCIDRs: ["10.1.0.0/24"] } }), before)).toHaveLength(
      1,
    );
    expect(
      nodes.validateUpdate!(make(nodes, { spec: { ...before.spec, unschedulable: true } }), before),
    ).toEqual([]);
  });
});

describe("endpoints and slices", () => {
  it("show the first three addresses", () => {
    const addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map((ip) => ({ ip }));
    const object = make(endpoints, { subsets: [{ addresses, ports: [{ port: 80 }] }] });
    expect(cells(endpoints, object)[1]).toBe("10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...");
    expect(cells(endpoints, make(endpoints, {}))[1]).toBe("<none>");
    const slice = make(endpointSlices, {
      addressType: "IPv4",
      endpoints: addresses.map(({ ip }) => ({ addresses: [ip] })),
      ports: [{ port: 80 }],
    });
    expect(cells(endpointSlices, slice)).toEqual([
      "x",
      "IPv4",
      "80",
      "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...",
      "60s",
    ]);
    expect(cells(endpointSlices, make(endpointSlices, { addressType: "IPv4" })).slice(2, 4)).toEqual([
      "<unset>",
      "<unset>",
    ]);
  });

  it("do not lead into the node itself", () => {
    expect(errorsOf(endpoints, { subsets: [{ addresses: [{ ip: "127.0.0.1" }] }] })).toEqual([
      'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ]);
    expect(
      errorsOf(endpointSlices, { addressType: "IPv4", endpoints: [{ addresses: ["169.254.169.254"] }] }),
    ).toHaveLength(1);
    expect(errorsOf(endpointSlices, { addressType: "IPv4", endpoints: [{ addresses: ["x"] }] })).toEqual([
      'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
    expect(errorsOf(endpointSlices, {})).toEqual(["addressType: Required value"]);
  });
});

describe("leases and revisions", () => {
  it("show holder and controller", () => {
    expect(cells(leases, make(leases, { spec: { holderIdentity: "n1" } }))).toEqual(["x", "n1", "60s"]);
    expect(errorsOf(leases, { spec: { leaseDurationSeconds: 0 } })).toEqual([
      "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    ]);
    const ownerReferences = [
      { apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: "u", controller: true },
    ];
    const revision = make(controllerRevisions, { data: {}, revision: 3 }, { ownerReferences });
    expect(cells(controllerRevisions, revision)).toEqual(["x", "daemonset.apps/agent", 3, "60s"]);
  });
});

describe("roles and bindings", () => {
  it("check rules", () => {
    expect(errorsOf(roles, { rules: [{ verbs: [] }] })).toEqual([
      "rules[0].verbs: Required value: verbs must contain at least one value",
      "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
      "rules[0].resources: Required value: resource rules must supply at least one resource",
    ]);
    const urls = { rules: [{ verbs: ["get"], nonResourceURLs: ["/healthz"] }] };
    expect(errorsOf(roles, urls)).toHaveLength(1);
    expect(errorsOf(clusterRoles, urls)).toEqual([]);
  });

  it("check subjects, and keep the role", () => {
    const roleRef = { kind: "Role", name: "reader" };
    const subjects = [
      { kind: "User", name: "jane" },
      { kind: "ServiceAccount", name: "robot", namespace: "default" },
    ];
    const binding = make(roleBindings, { roleRef, subjects });
    expect(texts(roleBindings.validate!(binding))).toEqual([]);
    expect(cells(roleBindings, binding)).toEqual(["x", "Role/reader", "60s", "jane", "", "default/robot"]);
    // An account of the binding's own namespace.
    expect(
      errorsOf(roleBindings, { roleRef, subjects: [{ kind: "ServiceAccount", name: "robot" }] }),
    ).toEqual([]);
    const moved = make(roleBindings, { roleRef: { ...roleRef, name: "writer" } });
    expect(texts(roleBindings.validateUpdate!(moved, binding))[0]).toMatch(
      /^roleRef: Invalid value: .*: cannot change roleRef$/,
    );
  });
});
