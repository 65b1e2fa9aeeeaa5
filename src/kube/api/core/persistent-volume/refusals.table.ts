import type { KindRefusals } from "../../testing/describe-refusals.ts";
import type { Refusal } from "../../testing/refusals.ts";

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const MORE = "Forbidden: may not specify more than 1 volume type";
const nodeAffinity = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "k", operator: "In", values: ["v"] }] }] },
};

/** A volume of another source, and what is wrong with that. */
const source = (spec: object, ...errors: string[]): Refusal => [
  { spec: { hostPath: null, ...spec } },
  ...errors,
];

const SOURCES: Refusal[] = [
  source({}, "Required spec: Required value: must specify a volume type"),
  source({ glusterfs: { endpoints: "e", path: "p" } }),
  source(
    { glusterfs: { endpointsNamespace: "" } },
    "Required spec.glusterfs.endpoints: Required value",
    "Required spec.glusterfs.path: Required value",
    'Invalid spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
  ),
  source(
    { iscsi: { targetPortal: "t", iqn: "odd", lun: 256, chapAuthSession: true, initiatorName: "iqn.x" } },
    'Invalid spec.iscsi.iqn: Invalid value: "odd": must be valid format',
    "Invalid spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
    "Required spec.iscsi.secretRef: Required value",
    'Invalid spec.iscsi.initiatorname: Invalid value: "iqn.x": must be valid format',
  ),
  source({ iscsi: { targetPortal: "t", iqn: "iqn.2001-04.com.example:x" } }),
  source(
    { cinder: { volumeID: "v", secretRef: {} } },
    "Required spec.cinder.secretRef.name: Required value",
    "Required spec.cinder.secretRef.namespace: Required value",
  ),
  source(
    { azureFile: { secretName: "s", shareName: "", secretNamespace: "" } },
    "Required spec.azureFile.shareName: Required value",
    "Required spec.azureFile.secretNamespace: Required value",
  ),
  source(
    { storageos: { volumeName: "A", secretRef: { name: "s" } } },
    `Invalid spec.storageos.volumeName: Invalid value: "A": ${LABEL}`,
    "Required spec.storageos.secretRef.namespace: Required value",
  ),
  source(
    { csi: { driver: "d", volumeHandle: "", nodeExpandSecretRef: { name: "S" } } },
    "Required spec.csi.volumeHandle: Required value",
    `Invalid spec.csi.nodeExpandSecretRef.name: Invalid value: "S": ${SUBDOMAIN}`,
    "Required spec.csi.nodeExpandSecretRef.namespace: Required value",
  ),
  source(
    { local: { path: "/a/../b" } },
    "Invalid spec.local.path: Invalid value: \"/a/../b\": must not contain '..'",
    "Required spec.nodeAffinity: Required value: Local volume requires node affinity",
  ),
  source({ local: { path: "/a" }, nodeAffinity }),
  // The first in upstream's order is the volume; of flexVolume it does not ask whether it is too many.
  source(
    { nfs: { server: "s", path: "/p" }, flexVolume: { driver: "" }, csi: { driver: "d", volumeHandle: "h" } },
    "Required spec.flexVolume.driver: Required value",
    `Forbidden spec.csi: ${MORE}`,
  ),
  [{ spec: { gcePersistentDisk: { pdName: "p" } } }, `Forbidden spec.gcePersistentDisk: ${MORE}`],
];

export const VOLUME_REFUSALS: KindRefusals = {
  base: {
    metadata: { name: "v" },
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/tmp" } },
  },
  create: [
    ...SOURCES,
    [
      { spec: { accessModes: null, capacity: null } },
      "Required spec.accessModes: Required value",
      "Required spec.capacity: Required value",
      'NotSupported spec.capacity: Unsupported value: core.ResourceList(nil): supported values: "storage"',
    ],
    [
      { spec: { accessModes: ["ReadWriteOncePod", "ReadOnlyMany", "Odd"] } },
      'NotSupported spec.accessModes: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      "Forbidden spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
    ],
    [
      { spec: { capacity: { storage: "-1" } } },
      "Invalid spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
      'Invalid spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
    ],
    [
      { spec: { persistentVolumeReclaimPolicy: "Odd", volumeMode: "Odd", storageClassName: "A" } },
      'NotSupported spec.persistentVolumeReclaimPolicy: Unsupported value: "Odd": supported values: "Delete", "Recycle", "Retain"',
      `Invalid spec.storageClassName: Invalid value: "A": ${SUBDOMAIN}`,
      'NotSupported spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"',
    ],
    [
      { spec: { nodeAffinity: {} } },
      "Required spec.nodeAffinity.required: Required value: must specify required node constraints",
    ],
    [
      { spec: { hostPath: { path: "//./" }, persistentVolumeReclaimPolicy: "Recycle" } },
      "Forbidden spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    ],
    [
      { metadata: { annotations: { "volume.beta.kubernetes.io/mount-options": "ro" } } },
      "Forbidden metadata.annotations.volume.beta.kubernetes.io/mount-options: Forbidden: may not specify mount options for this volume type",
    ],
    // Its feature is off: the field goes.
    [{ spec: { volumeAttributesClassName: "" } }],
  ],
  update: [
    [{ spec: { capacity: { storage: "2Gi" }, persistentVolumeReclaimPolicy: "Delete", nodeAffinity } }],
    [{ spec: { volumeMode: "Block" } }, 'Invalid volumeMode: Invalid value: "Block": field is immutable'],
    [
      { spec: { accessModes: [] } },
      // Told by the rules of every volume, which are asked twice.
      "Required spec.accessModes: Required value",
      "Required spec.accessModes: Required value",
    ],
  ],
  warnings: [
    [
      {
        metadata: { annotations: { "volume.beta.kubernetes.io/storage-class": "a" } },
        spec: { persistentVolumeReclaimPolicy: "Recycle" },
      },
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    ],
    [
      {
        spec: {
          hostPath: null,
          storageos: { volumeName: "v" },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "beta.kubernetes.io/os", operator: "Exists" }] },
              ],
            },
          },
        },
      },
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      "spec.storageOS: deprecated in v1.22, non-functional in v1.25+",
    ],
  ],
};

/** A volume that says which nodes reach it. */
export const PLACED_VOLUME_REFUSALS: KindRefusals = {
  base: {
    metadata: { name: "v" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      csi: { driver: "d", volumeHandle: "h" },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: "failure-domain.beta.kubernetes.io/zone", operator: "In", values: ["z"] },
              ],
            },
          ],
        },
      },
    },
  },
  update: [
    // The label has another name today.
    [
      {
        spec: {
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values: ["z"] }] },
              ],
            },
          },
        },
      },
    ],
    [
      { spec: { nodeAffinity } },
      "Invalid nodeAffinity: Invalid value: core.VolumeNodeAffinity{Required:(*core.NodeSelector)(0xc000000000)}: field is immutable, except for updating from beta label to GA",
    ],
    [
      { spec: { nodeAffinity: null } },
      'Invalid nodeAffinity: Invalid value: "null": field is immutable, except for updating from beta label to GA',
    ],
    [{ spec: { csi: { controllerExpandSecretRef: { name: "s", namespace: "n" } } } }],
  ],
};
