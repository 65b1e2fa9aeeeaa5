import { ADMISSION_REGISTRATION_REFUSALS } from "./admissionregistration/refusals.table.ts";
import { API_REGISTRATION_REFUSALS } from "./apiregistration/refusals.table.ts";
import { AUTOSCALING_REFUSALS } from "./autoscaling/refusals.table.ts";
import { CERTIFICATES_REFUSALS } from "./certificates/refusals.table.ts";
import { FLOW_CONTROL_REFUSALS } from "./flowcontrol/refusals.table.ts";
import { NETWORKING_REFUSALS } from "./networking/refusals.table.ts";
import { NODE_REFUSALS } from "./node/refusals.table.ts";
import { POLICY_REFUSALS } from "./policy/refusals.table.ts";
import { SCHEDULING_REFUSALS } from "./scheduling/refusals.table.ts";
import type { Refusal } from "./testing/refusals.ts";

/** Small tables of the kinds whose rules are few: what is asked of a new object, of an update, of a write of the status. */
export interface KindRefusals {
  base: object;
  create?: Refusal[];
  update?: Refusal[];
  status?: Refusal[];
}

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const metadata = { name: "x", namespace: "n" };

const EVENT = {
  metadata,
  eventTime: "2024-01-01T00:00:00.000000Z",
  regarding: { kind: "Pod", name: "p", namespace: "n" },
  reason: "Started",
  action: "Start",
  type: "Normal",
  reportingController: "example.com/c",
  reportingInstance: "i",
};

/** By `apiVersion Kind`. */
export const KIND_REFUSALS: Record<string, KindRefusals> = {
  ...AUTOSCALING_REFUSALS,
  ...NETWORKING_REFUSALS,
  ...NODE_REFUSALS,
  ...POLICY_REFUSALS,
  ...SCHEDULING_REFUSALS,
  ...ADMISSION_REGISTRATION_REFUSALS,
  ...API_REGISTRATION_REFUSALS,
  ...CERTIFICATES_REFUSALS,
  ...FLOW_CONTROL_REFUSALS,
  "v1 Event": {
    base: { metadata, involvedObject: { namespace: "n" } },
    create: [
      [
        { involvedObject: { namespace: "m" } },
        'Invalid involvedObject.namespace: Invalid value: "m": does not match event.namespace',
      ],
      [
        { eventTime: "2024-01-01T00:00:00.000000Z", reportingComponent: "c", action: "a".repeat(129) },
        "Required reportingInstance: Required value",
        'Invalid action: Invalid value: "": can have at most 128 characters',
        "Required reason: Required value",
      ],
    ],
    update: [[{ message: "other", count: 3 }]],
  },
  "events.k8s.io/v1 Event": {
    base: EVENT,
    create: [
      [{ type: "Odd" }, 'Invalid type: Invalid value: "": has invalid value: Odd'],
      [{ deprecatedCount: 2 }, 'Invalid count: Invalid value: "": needs to be unset'],
      [{ deprecatedSource: { host: "h" } }, 'Invalid source: Invalid value: "": needs to be unset'],
      [
        { series: { count: 1 } },
        'Invalid series.count: Invalid value: "": should be at least 2',
        "Required series.lastObservedTime: Required value",
      ],
      [{ eventTime: null }, "Required eventTime: Required value"],
      [
        { reportingController: "" },
        "Required reportingController: Required value",
        'Invalid reportingController: Invalid value: "": name part must be non-empty',
        `Invalid reportingController: Invalid value: "": ${NAME_PART}`,
      ],
    ],
    update: [
      [{ metadata: { labels: { a: "b" } } }],
      [{ series: { count: 2, lastObservedTime: "2024-01-01T00:00:01.000000Z" } }],
      [{ note: "n" }, 'Invalid message: Invalid value: "n": field is immutable'],
      [
        { regarding: { name: "q" } },
        'Invalid involvedObject: Invalid value: core.ObjectReference{Kind:"Pod", Namespace:"n", Name:"q", UID:"", APIVersion:"", ResourceVersion:"", FieldPath:""}: field is immutable',
      ],
      [
        { eventTime: "2024-01-01T00:00:00.000100Z" },
        "Invalid eventTime: Invalid value: 2024-01-01 00:00:00.0001 +0000 UTC: field is immutable",
      ],
      [
        { reason: "Other" },
        'Invalid reason: Invalid value: "Other": field is immutable',
        'Invalid reason: Invalid value: "Other": field is immutable',
      ],
    ],
  },
  "v1 Endpoints": {
    base: { metadata, subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] },
    create: [
      [
        { subsets: [{ addresses: [{ ip: "10.0.0.1", nodeName: "A_B" }] }] },
        `Invalid subsets[0].addresses[0].nodeName: Invalid value: "A_B": ${SUBDOMAIN}`,
      ],
      [
        { subsets: [{ notReadyAddresses: [{ ip: "x" }] }] },
        `Invalid subsets[0].notReadyAddresses[0].ip: Invalid value: "x": ${IP}`,
        'Invalid subsets[0].notReadyAddresses[0].ip: Invalid value: "x": must be a valid IP address',
      ],
      [
        { subsets: [{ addresses: [{ ip: "::ffff:127.0.0.1" }] }] },
        'Invalid subsets[0].addresses[0].ip: Invalid value: "::ffff:127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
  },
  "discovery.k8s.io/v1 EndpointSlice": {
    base: { metadata, addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }] },
    create: [
      [{ ports: [{ port: 0 }] }],
      [
        { ports: [{ appProtocol: "" }] },
        'Invalid ports[0].appProtocol: Invalid value: "": name part must be non-empty',
        `Invalid ports[0].appProtocol: Invalid value: "": ${NAME_PART}`,
      ],
      [
        { endpoints: [{ addresses: ["::1"] }] },
        'Invalid endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address',
        'Invalid endpoints[0].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
      [
        { endpoints: [{ addresses: ["10.0.0.1"], hints: { forZones: [{ name: "a" }, { name: "a" }] } }] },
        'Duplicate endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
      ],
      [
        { addressType: "IPv6", endpoints: [{ addresses: ["2001:DB8::1"] }] },
        'Invalid endpoints[0].addresses[0]: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
      ],
      [
        { addressType: "FQDN", endpoints: [{ addresses: ["example"] }] },
        'Invalid endpoints[0].addresses[0]: Invalid value: "example": should be a domain with at least two segments separated by dots',
      ],
      // Fields of another version and of a feature that is off are dropped.
      [
        {
          endpoints: [
            {
              addresses: ["10.0.0.1"],
              deprecatedTopology: { "not a key": "x" },
              hints: { forNodes: [{ name: "A_B" }] },
            },
          ],
        },
      ],
    ],
    update: [
      [
        { addressType: "FQDN", endpoints: [] },
        'Invalid addressType: Invalid value: "FQDN": field is immutable',
      ],
    ],
  },
  "v1 Node": {
    base: { metadata: { name: "x" }, spec: { podCIDR: "10.0.0.0/24" } },
    create: [
      [{ spec: { podCIDR: "x" } }, `Invalid spec.podCIDRs[0]: Invalid value: "x": ${CIDR}`],
      [
        { spec: { podCIDRs: ["10.0.0.0/24", "10.1.0.0/24"] } },
        'Invalid spec.podCIDRs: Invalid value: []string{"10.0.0.0/24", "10.1.0.0/24"}: may specify no more than one CIDR for each IP family',
      ],
      [{ spec: { configSource: { configMap: {} } } }],
      [
        {
          spec: {
            taints: [
              { key: "a", effect: "NoSchedule" },
              { key: "a", effect: "NoSchedule" },
            ],
          },
        },
        'Duplicate metadata.taints[1]: Duplicate value: core.Taint{Key:"a", Value:"", Effect:"NoSchedule", TimeAdded:<nil>}: taints must be unique by key and effect pair',
      ],
      [
        { status: { capacity: { pods: "1500m" } } },
        'Invalid status.capacity.pods: Invalid value: resource.Quantity{i:resource.int64Amount{value:1500, scale:-3}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"1500m", Format:"DecimalSI"}: must be an integer',
        'Invalid status.allocatable.pods: Invalid value: resource.Quantity{i:resource.int64Amount{value:1500, scale:-3}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"1500m", Format:"DecimalSI"}: must be an integer',
      ],
    ],
    update: [
      [{ spec: { podCIDR: null } }],
      [
        { spec: { podCIDR: "10.1.0.0/24", podCIDRs: null } },
        'Forbidden spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      ],
    ],
    status: [
      [
        {
          status: {
            addresses: [
              { type: "Hostname", address: "h" },
              { type: "Hostname", address: "h" },
            ],
          },
        },
        'Duplicate status.addresses[1]: Duplicate value: core.NodeAddress{Type:"Hostname", Address:"h"}',
      ],
    ],
  },
  "v1 Namespace": {
    base: { metadata: { name: "x" } },
    create: [
      [
        { spec: { finalizers: ["other"] } },
        'Invalid spec.finalizers: Invalid value: "other": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    status: [
      [
        { status: { phase: "Terminating" } },
        "Invalid status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty",
      ],
    ],
  },
  "apps/v1 ControllerRevision": {
    base: { metadata, data: { a: 1 }, revision: 1 },
    create: [
      [{ data: null }, "Required data: Required value: data is mandatory"],
      [{ data: [1] }, "Required data: Required value: data must be a valid JSON object"],
    ],
    update: [
      [
        { data: { b: 1 } },
        "Invalid data: Invalid value: runtime.RawExtension{Raw:[]uint8{0x7b, 0x22, 0x61, 0x22, 0x3a, 0x31, 0x2c, 0x22, 0x62, 0x22, 0x3a, 0x31, 0x7d}, Object:runtime.Object(nil)}: field is immutable",
      ],
    ],
  },
  "apps/v1 Deployment": {
    base: {
      metadata,
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i:1" }] } },
      },
    },
    create: [
      [
        { spec: { strategy: { type: "Odd" } } },
        'NotSupported spec.strategy: Unsupported value: apps.DeploymentStrategy{Type:"Odd", RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}: supported values: "Recreate", "RollingUpdate"',
      ],
      [{ spec: { template: { spec: { resources: { limits: { cpu: "-1" } } } } } }],
    ],
    status: [
      [{ status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 } }],
      [
        { status: { replicas: -1 } },
        "Invalid status.replicas: Invalid value: -1: must be greater than or equal to 0",
        "Invalid status.updatedReplicas: Invalid value: 0: cannot be greater than status.replicas",
        "Invalid status.readyReplicas: Invalid value: 0: cannot be greater than status.replicas",
        "Invalid status.availableReplicas: Invalid value: 0: cannot be greater than status.replicas",
      ],
      [
        { status: { replicas: 2, availableReplicas: 1 } },
        "Invalid status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas",
      ],
    ],
  },
  "rbac.authorization.k8s.io/v1 ClusterRole": {
    base: { metadata: { name: "x" } },
    create: [
      [
        { aggregationRule: {} },
        "Required aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil",
      ],
      [
        {
          aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: "a", operator: "Odd" }] }] },
        },
        'Invalid aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Odd": not a valid selector operator',
        'Invalid aggregationRule.clusterRoleSelectors[0]: Invalid value: "null": invalid label selector.',
      ],
    ],
  },
  "rbac.authorization.k8s.io/v1 RoleBinding": {
    base: { metadata, roleRef: { kind: "Role", name: "r" } },
    create: [[{ subjects: [{ kind: "ServiceAccount", name: "a" }] }]],
    update: [
      [
        { roleRef: { name: "q" } },
        'Invalid roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"q"}: cannot change roleRef',
      ],
    ],
  },
  "coordination.k8s.io/v1 Lease": {
    base: { metadata, spec: {} },
    create: [[{ spec: { strategy: "Odd", preferredHolder: "h" } }]],
  },
};
