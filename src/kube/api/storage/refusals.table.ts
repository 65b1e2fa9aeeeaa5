import type { KindRefusals } from "../testing/describe-refusals.ts";

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const metadata = { name: "x" };
const zones = (...values: string[]) => ({ key: "zone", values });
const topologies = (...list: object[]) => ({
  allowedTopologies: list.map((one) => ({ matchLabelExpressions: [one].flat() })),
});

export const CLASS_REFUSALS: KindRefusals = {
  base: { metadata, provisioner: "Example.com/P", parameters: { a: "b" } },
  create: [
    [
      { provisioner: "", reclaimPolicy: "Recycle", volumeBindingMode: "" },
      "Required provisioner: Required value",
      'NotSupported reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'NotSupported volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
    [{ provisioner: "A B" }, `Invalid provisioner: Invalid value: "a b": ${NAME_PART}`],
    [{ reclaimPolicy: "" }],
    [{ parameters: { "": "v" } }, 'Invalid parameters: Invalid value: "": field can not be empty.'],
    [
      { parameters: { a: "v".repeat(256 * 1024) } },
      "TooLong parameters: Too long: may not be more than 262144 bytes",
    ],
    [
      { parameters: Object.fromEntries(Array.from({ length: 513 }, (_, index) => [`k${index}`, ""])) },
      "TooLong parameters: Too long: may not be more than 512 bytes",
    ],
    [
      topologies(zones("a", "b"), zones("b", "a"), zones("c")),
      'Duplicate allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    ],
    [
      topologies([zones(), { key: "zone", values: ["a", "a"] }, { key: "", values: ["v"] }]),
      "Required allowedTopologies[0].matchLabelExpressions[0].values: Required value",
      'Duplicate allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: "a"',
      'Duplicate allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
      'Invalid allowedTopologies[0].matchLabelExpressions[2].key: Invalid value: "": name part must be non-empty',
      `Invalid allowedTopologies[0].matchLabelExpressions[2].key: Invalid value: "": ${NAME_PART}`,
    ],
    // A term without requirements is told as often as there are terms.
    [
      { allowedTopologies: [{}, { matchLabelExpressions: [zones("a")] }] },
      'Duplicate allowedTopologies[0].matchLabelExpressions: Duplicate value: ""',
      'Duplicate allowedTopologies[0].matchLabelExpressions: Duplicate value: ""',
    ],
  ],
  update: [
    [{ mountOptions: ["ro"], allowVolumeExpansion: true }],
    [
      {
        parameters: null,
        provisioner: "p",
        reclaimPolicy: "Retain",
        volumeBindingMode: "WaitForFirstConsumer",
      },
      "Forbidden parameters: Forbidden: updates to parameters are forbidden.",
      "Forbidden provisioner: Forbidden: updates to provisioner are forbidden.",
      "Forbidden reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
      'Invalid volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ],
  ],
  warnings: [
    [
      topologies({ key: "failure-domain.beta.kubernetes.io/zone", values: ["a"] }),
      'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ],
  ],
};

export const DRIVER_REFUSALS: KindRefusals = {
  base: { metadata, spec: {} },
  create: [
    [
      { spec: { fsGroupPolicy: "Odd", volumeLifecycleModes: ["Odd"] } },
      'NotSupported spec.fsGroupPolicy: Unsupported value: "Odd": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      'NotSupported spec.volumeLifecycleModes: Unsupported value: "Odd": supported values: "Persistent", "Ephemeral"',
    ],
    [
      {
        spec: {
          tokenRequests: [
            { audience: "a", expirationSeconds: 599 },
            { audience: "a", expirationSeconds: 1 },
            { audience: "b", expirationSeconds: 2 ** 32 + 1 },
          ],
        },
      },
      "Invalid spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes",
      'Duplicate spec.tokenRequests[1].audience: Duplicate value: "a"',
      "Invalid spec.tokenRequests[2].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds",
    ],
  ],
  update: [
    [{ spec: { podInfoOnMount: true, storageCapacity: true } }],
    [
      { spec: { attachRequired: false, volumeLifecycleModes: ["Persistent", "Ephemeral"] } },
      "Invalid spec.attachedRequired: Invalid value: false: field is immutable",
      'Invalid spec.volumeLifecycleModes: Invalid value: []storage.VolumeLifecycleMode{"Persistent", "Ephemeral"}: field is immutable',
    ],
  ],
};

export const NODE_REFUSALS: KindRefusals = {
  base: { metadata, spec: { drivers: [{ name: "d", nodeID: "n" }] } },
  create: [
    [
      {
        spec: {
          drivers: [
            { name: "d", nodeID: "n".repeat(257), topologyKeys: ["k", "k"], allocatable: { count: -1 } },
            { name: "d", nodeID: "" },
          ],
        },
      },
      `Invalid spec.drivers[0].nodeID: Invalid value: "${"n".repeat(257)}": must be 256 characters or less`,
      "Invalid spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0",
      'Duplicate spec.drivers[0]: Duplicate value: "k"',
      "Required spec.drivers[1].nodeID: Required value",
      'Duplicate spec.drivers[1].name: Duplicate value: "d"',
    ],
  ],
  update: [
    [{ spec: { drivers: [{ name: "e", nodeID: "n" }] } }],
    [
      { spec: { drivers: [{ name: "d", nodeID: "m", topologyKeys: ["k"], allocatable: { count: 1 } }] } },
      'Invalid spec.drivers: Invalid value: storage.CSINodeDriver{Name:"d", NodeID:"m", TopologyKeys:[]string{"k"}, Allocatable:(*storage.VolumeNodeResources)(0xc000000000)}: field is immutable',
    ],
    [
      { spec: { drivers: [{ name: "e", nodeID: "" }] } },
      "Required spec.drivers[0].nodeID: Required value",
      "Required spec.drivers[0].nodeID: Required value",
    ],
  ],
};

export const CAPACITY_REFUSALS: KindRefusals = {
  base: { metadata: { name: "x", namespace: "n" }, storageClassName: "gold" },
  create: [
    [
      {
        storageClassName: "",
        capacity: "-1",
        nodeTopology: { matchExpressions: [{ key: "k", operator: "In" }] },
      },
      "Required nodeTopology.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      `Invalid storageClassName: Invalid value: "": ${SUBDOMAIN}`,
      'Invalid capacity: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ],
  update: [
    [{ capacity: "1Gi", maximumVolumeSize: "1Gi" }],
    [
      { storageClassName: "silver", nodeTopology: { matchLabels: { a: "b" } } },
      'Invalid nodeTopology: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
      'Invalid storageClassName: Invalid value: "silver": field is immutable',
    ],
  ],
  warnings: [
    [
      {
        nodeTopology: {
          matchLabels: { "beta.kubernetes.io/os": "linux" },
          matchExpressions: [{ key: "beta.kubernetes.io/arch", operator: "Exists" }],
        },
      },
      'nodeTopology.matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
      'nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead',
    ],
  ],
};

const ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
const INLINE = "spec.source.inlineVolumeSpec";
const inline = (spec: object) => ({
  spec: { source: { persistentVolumeName: null, inlineVolumeSpec: spec } },
});
const csi = { driver: "d", volumeHandle: "h" };

export const ATTACHMENT_REFUSALS: KindRefusals = {
  base: { metadata, spec: { attacher: "d", nodeName: "n", source: { persistentVolumeName: "v" } } },
  create: [
    [
      { spec: { attacher: "", nodeName: "N", source: { persistentVolumeName: null } } },
      "Required spec.attacher: Required value",
      `Required spec.source: Required value: ${ONE}`,
      `Invalid spec.nodeName: Invalid value: "N": ${SUBDOMAIN}`,
      // Asked of new objects only.
      "Required spec.attacher: Required value",
      `Invalid spec.attacher: Invalid value: "": ${SUBDOMAIN}`,
    ],
    [{ spec: { source: { inlineVolumeSpec: {} } } }, `Forbidden spec.source: Forbidden: ${ONE}`],
    [inline({ accessModes: ["ReadWriteOnce"], csi })],
    [
      inline({
        accessModes: ["ReadWriteOnce"],
        claimRef: { name: "c" },
        capacity: { storage: "1Gi" },
        persistentVolumeReclaimPolicy: "Delete",
        nodeAffinity: {},
        local: { path: "/a" },
        storageClassName: "A",
        volumeMode: "Block",
      }),
      `Forbidden ${INLINE}.claimRef: Forbidden: may not be specified in the context of inline volumes`,
      `Forbidden ${INLINE}.capacity: Forbidden: may not be specified in the context of inline volumes`,
      `Required ${INLINE}.csi: Required value: has to be specified in the context of inline volumes`,
      `Forbidden ${INLINE}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes`,
      `Forbidden ${INLINE}.nodeAffinity: Forbidden: may not be specified in the context of inline volumes`,
      `Required ${INLINE}.nodeAffinity: Required value: Local volume requires node affinity`,
      `Forbidden ${INLINE}.storageClassName: Forbidden: may not be specified in the context of inline volumes`,
      `Forbidden ${INLINE}.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes`,
    ],
  ],
  update: [
    [{ metadata: { labels: { a: "b" } } }],
    [
      { spec: { nodeName: "m" } },
      'Invalid spec: Invalid value: storage.VolumeAttachmentSpec{Attacher:"d", Source:storage.VolumeAttachmentSource{PersistentVolumeName:(*string)(0xc000000000), InlineVolumeSpec:(*core.PersistentVolumeSpec)(nil)}, NodeName:"m"}: field is immutable',
    ],
  ],
  status: [
    [{ status: { attached: true, attachmentMetadata: { a: "b" } } }],
    [
      { status: { attachError: { message: "m".repeat(1025) } } },
      "TooLong status.attachError.message: Too long: may not be more than 262144 bytes",
      "TooLong status.attachError.message: Too long: may not be more than 262144 bytes",
    ],
  ],
};
