import type { Refusal } from "../../testing/refusals.ts";

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const spec = (change: object, ...errors: string[]): Refusal => [{ spec: change }, ...errors];
const container = (change: object, ...errors: string[]): Refusal => [
  { spec: { containers: [{ name: "c", image: "i:1", ...change }] } },
  ...errors,
];
const volume = (source: object, ...errors: string[]): Refusal => [
  { spec: { volumes: [{ name: "v", ...source }] } },
  ...errors,
];
const V = "spec.volumes[0]";
const C = "spec.containers[0]";

/** Creates of a small pod with one thing changed. */
export const POD_REFUSALS: Refusal[] = [
  // Names of other objects.
  spec({ runtimeClassName: "" }, `Invalid spec.runtimeClassName: Invalid value: "": ${SUBDOMAIN}`),
  spec({ preemptionPolicy: "" }, "Required spec.preemptionPolicy: Required value"),
  spec(
    { preemptionPolicy: "Sometimes" },
    'NotSupported spec.preemptionPolicy: Unsupported value: "Sometimes": supported values: "PreemptLowerPriority", "Never"',
  ),
  // Amounts.
  spec(
    { overhead: { gpu: "1" } },
    "Invalid spec.overhead.limits[gpu]: Invalid value: gpu: must be a standard resource type or fully qualified",
    "Invalid spec.overhead.limits[gpu]: Invalid value: gpu: must be a standard resource for containers",
  ),
  container(
    { resources: { limits: { "example.com/gpu": "1500m" } } },
    `Invalid ${C}.resources.limits[example.com/gpu]: Invalid value: resource.Quantity{i:resource.int64Amount{value:1500, scale:-3}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"1500m", Format:"DecimalSI"}: must be an integer`,
    `Invalid ${C}.resources.requests[example.com/gpu]: Invalid value: resource.Quantity{i:resource.int64Amount{value:1500, scale:-3}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"1500m", Format:"DecimalSI"}: must be an integer`,
  ),
  container(
    { resources: { limits: { "hugepages-2Mi": "3Mi" } } },
    `Invalid ${C}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
    `Invalid ${C}.resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
    `Forbidden ${C}.resources: Forbidden: HugePages require cpu or memory`,
  ),
  container(
    { resources: { requests: { storage: "1Gi" } } },
    `Invalid ${C}.resources.requests[storage]: Invalid value: storage: must be a standard resource for containers`,
  ),
  container(
    { resizePolicy: [{ resourceName: "storage", restartPolicy: "" }] },
    `NotSupported ${C}.resizePolicy: Unsupported value: storage: supported values: "cpu", "memory"`,
    `Required ${C}.resizePolicy: Required value`,
  ),
  // Environment.
  container({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.host" } } }] }),
  container(
    { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v2" } } }] },
    `Invalid ${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
  ),
  container(
    { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x['y']" } } }] },
    `Invalid ${C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x['y']": error converting fieldPath: field label does not support subscript: spec.x['y']`,
  ),
  container(
    { env: [{ name: "A", valueFrom: { secretKeyRef: { key: "k" } } }] },
    `Invalid ${C}.env[0].valueFrom.secretKeyRef.name: Invalid value: "": ${SUBDOMAIN}`,
  ),
  container(
    { env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "2" } } }] },
    `Invalid ${C}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
  ),
  // Life cycle.
  container({ lifecycle: { preStop: { sleep: {} } } }),
  container(
    { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
    `Invalid ${C}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
  ),
  container(
    { livenessProbe: { httpGet: { port: 80, scheme: "FTP" } } },
    `NotSupported ${C}.livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`,
  ),
  // Mounts and devices.
  container(
    { volumeDevices: [{ name: "gone", devicePath: "/dev/x" }] },
    `NotFound ${C}.volumeDevices[0].name: Not found: "gone"`,
  ),
  [
    {
      spec: {
        volumes: [{ name: "v" }],
        containers: [
          {
            name: "c",
            image: "i:1",
            volumeDevices: [{ name: "v", devicePath: "../x" }],
            volumeMounts: [{ name: "v", mountPath: "../x", subPath: "/abs", recursiveReadOnly: "Enabled" }],
          },
        ],
      },
    },
    `Invalid ${C}.volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices`,
    `Invalid ${C}.volumeMounts[0].mountPath: Invalid value: "../x": must not already exist as a path in volumeDevices`,
    `Invalid ${C}.volumeMounts.subPath: Invalid value: "/abs": must be a relative path`,
    `Forbidden ${C}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
    `Invalid ${C}.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
    `Invalid ${C}.volumeDevices[0].devicePath: Invalid value: "../x": can not contain backsteps ('..')`,
    `Invalid ${C}.volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts`,
    `Invalid ${C}.volumeDevices[0].devicePath: Invalid value: "../x": must not already exist as a path in volumeMounts`,
  ],
  // Security.
  container(
    { securityContext: { appArmorProfile: { type: "" } } },
    `Required ${C}.securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set`,
  ),
  container(
    { securityContext: { appArmorProfile: { type: "Localhost", localhostProfile: " x" } } },
    `Invalid ${C}.securityContext.appArmorProfile.localhostProfile: Invalid value: " x": must not be padded with whitespace`,
  ),
  container(
    { securityContext: { procMount: "Unmasked" } },
    `Invalid ${C}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
  ),
  container(
    { securityContext: { windowsOptions: { runAsUserName: "a\\b\\c", gmsaCredentialSpec: "" } } },
    `Invalid ${C}.securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string`,
    `Invalid ${C}.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`,
  ),
  spec(
    { hostNetwork: true, securityContext: { sysctls: [{ name: "net/ipv4/ip_forward", value: "1" }] } },
    `Invalid spec.securityContext.sysctls[0].name: Invalid value: "net/ipv4/ip_forward": may not be specified when 'hostNetwork' is true`,
  ),
  spec(
    { hostIPC: true, securityContext: { sysctls: [{ name: "kernel.shmmax", value: "1" }] } },
    `Invalid spec.securityContext.sysctls[0].name: Invalid value: "kernel.shmmax": may not be specified when 'hostIPC' is true`,
  ),
  spec(
    { securityContext: { seLinuxChangePolicy: "MountOption" } },
    'NotSupported spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"',
  ),
  spec(
    { hostUsers: false, hostPID: true },
    "Forbidden spec.HostPID: Forbidden: when `pod.Spec.HostUsers` is false",
  ),
  spec(
    { os: { name: "linux" }, securityContext: { windowsOptions: {} } },
    "Forbidden spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
  ),
  spec(
    { os: { name: "windows" }, hostPID: true },
    "Forbidden spec.hostPID: Forbidden: cannot be set for a windows pod",
  ),
  spec(
    { securityContext: { windowsOptions: { hostProcess: true } } },
    "Invalid spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
  ),
  // Name service.
  spec({ dnsConfig: { searches: [".", "a_b.example."], nameservers: ["010.0.0.1"] } }),
  spec(
    { dnsConfig: { searches: ["UPPER"] } },
    `Invalid spec.dnsConfig.searches[0]: Invalid value: "UPPER": ${SUBDOMAIN.replace("characters, '-'", "characters, '_', '-'")}`,
  ),
  // Placement.
  spec(
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: "spec.x", operator: "Exists" }] }],
          },
        },
      },
    },
    'Invalid spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator',
    'Invalid spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "spec.x": not a valid field selector key',
  ),
  spec(
    {
      topologySpreadConstraints: [
        { maxSkew: 0, topologyKey: "zone", whenUnsatisfiable: "", minDomains: 1, matchLabelKeys: ["app"] },
      ],
    },
    "Invalid spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
    'NotSupported spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"',
    "Invalid spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ",
    "Forbidden spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set",
  ),
  spec(
    { tolerations: [{ key: "a", effect: "Never" }] },
    'NotSupported spec.tolerations[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ),
  // Fields of features that are off are dropped.
  spec({ resourceClaims: [{ name: "Not A Name" }], resources: { limits: { gpu: "-1" } } }),
  container({ lifecycle: { stopSignal: "SIGNONE" }, resources: { claims: [{ name: "gone" }] } }),
  volume({ image: { reference: "" } }),
  // Annotations.
  [
    { metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": "08" } } },
    'Invalid metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "08": must be a 32bit integer',
  ],
  [
    { metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } },
    'Invalid metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
  ],
  [
    { metadata: { annotations: { "container.apparmor.security.beta.kubernetes.io/other": "odd" } } },
    'Invalid metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]: Invalid value: "other": container not found',
    'Invalid metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]: Invalid value: "odd": invalid AppArmor profile name: "odd"',
  ],
  // Volumes of every kind.
  volume(
    { awsElasticBlockStore: { partition: 300 } },
    `Required ${V}.awsElasticBlockStore.volumeID: Required value`,
    `Invalid ${V}.awsElasticBlockStore.partition: Invalid value: 300: must be between 1 and 255, inclusive`,
  ),
  volume(
    { azureDisk: { diskName: "d", diskURI: "x" } },
    `NotSupported ${V}.azureDisk.diskURI: Unsupported value: "x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"`,
  ),
  volume(
    { azureFile: {} },
    `Required ${V}.azureFile.secretName: Required value`,
    `Required ${V}.azureFile.shareName: Required value`,
  ),
  volume({ cephfs: {} }, `Required ${V}.cephfs.monitors: Required value`),
  volume(
    { cinder: { secretRef: {} } },
    `Required ${V}.cinder.volumeID: Required value`,
    `Required ${V}.cinder.secretRef.name: Required value`,
  ),
  volume(
    { csi: {} },
    `Required ${V}.csi.driver: Required value`,
    `Invalid ${V}.csi.driver: Invalid value: "": ${SUBDOMAIN}`,
  ),
  volume({ ephemeral: {} }, `Required ${V}.ephemeral.volumeClaimTemplate: Required value`),
  volume(
    {
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { name: "x" },
          spec: { accessModes: ["ReadWriteOncePod", "ReadOnlyMany"] },
        },
      },
    },
    `Forbidden ${V}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`,
    `Forbidden ${V}.ephemeral.volumeClaimTemplate.spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes`,
    `Required ${V}.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value`,
  ),
  volume(
    { fc: { targetWWNs: ["a"], wwids: ["b"] } },
    `Invalid ${V}.fc.targetWWNs: Invalid value: []string{"a"}: targetWWNs and wwids can not be specified simultaneously`,
    `Required ${V}.fc.lun: Required value: lun is required if targetWWNs is specified`,
  ),
  volume(
    { flexVolume: { driver: "d", options: { "K8s.io/x": "1" } } },
    `Invalid ${V}.flexVolume.options[K8s.io/x]: Invalid value: "K8s.io/x": kubernetes.io and k8s.io namespaces are reserved`,
  ),
  volume(
    { flocker: { datasetName: "a/b", datasetUUID: "u" } },
    `Invalid ${V}.flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously`,
    `Invalid ${V}.flocker.datasetName: Invalid value: "a/b": must not contain '/'`,
  ),
  volume({ gcePersistentDisk: {} }, `Required ${V}.persistentDisk.pdName: Required value`),
  volume(
    { gitRepo: { directory: "../x" } },
    `Required ${V}.gitRepo.repository: Required value`,
    `Invalid ${V}.gitRepo.directory: Invalid value: "../x": must not contain '..'`,
  ),
  volume({ glusterfs: { endpoints: "e" } }, `Required ${V}.glusterfs.path: Required value`),
  volume(
    { iscsi: { targetPortal: "p", iqn: "x", lun: 256 } },
    `Invalid ${V}.iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa`,
    `Invalid ${V}.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive`,
  ),
  volume(
    { nfs: { server: "s", path: "rel" } },
    `Invalid ${V}.nfs.path: Invalid value: "rel": must be an absolute path`,
  ),
  volume({ photonPersistentDisk: {} }, `Required ${V}.photonPersistentDisk.pdID: Required value`),
  volume({ portworxVolume: {} }, `Required ${V}.portworxVolume.volumeID: Required value`),
  volume(
    { quobyte: { registry: "host", volume: "v" } },
    `Invalid ${V}.quobyte.registry: Invalid value: "host": must be a host:port pair or multiple pairs separated by commas`,
  ),
  volume({ rbd: { image: "i" } }, `Required ${V}.rbd.monitors: Required value`),
  volume(
    { scaleIO: { gateway: "g", secretRef: {}, system: "" } },
    `Required ${V}.scaleIO.system: Required value`,
    `Required ${V}.scaleIO.volumeName: Required value`,
  ),
  volume({ storageos: {} }, `Required ${V}.storageos.volumeName: Required value`),
  volume({ vsphereVolume: {} }, `Required ${V}.vsphereVolume.volumePath: Required value`),
  volume(
    { emptyDir: {}, downwardAPI: {}, cephfs: {} },
    `Forbidden ${V}.cephFS: Forbidden: may not specify more than 1 volume type`,
    `Forbidden ${V}.downwarAPI: Forbidden: may not specify more than 1 volume type`,
  ),
  volume(
    {
      projected: {
        sources: [
          {
            configMap: { name: "a", items: [{ key: "k", path: "p" }] },
            secret: { name: "b", items: [{ key: "k", path: "p" }] },
          },
        ],
      },
    },
    `Invalid ${V}.projected: Invalid value: "a": conflicting duplicate paths`,
    `Forbidden ${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`,
  ),
];

/** Updates of the same pod. */
export const POD_UPDATE_REFUSALS: Refusal[] = [
  // No change in meaning.
  spec({ volumes: [], nodeSelector: {}, hostNetwork: false, nodeName: null, tolerations: [] }),
  [
    { metadata: { annotations: { "kubernetes.io/config.mirror": "x" } }, spec: { nodeName: null } },
    'Invalid metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    "Forbidden metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation",
  ],
  container(
    { image: " i" },
    `Invalid ${C}.image: Invalid value: " i": must not have leading or trailing whitespace`,
    `Invalid ${C}.image: Invalid value: " i": must not have leading or trailing whitespace`,
  ),
  spec(
    { schedulingGates: [{ name: "g" }] },
    "Forbidden spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'",
  ),
];

const status = (change: object, ...errors: string[]): Refusal => [{ status: change }, ...errors];
const IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/** Writes of its status. */
export const POD_STATUS_REFUSALS: Refusal[] = [
  status({ podIP: "10.1.2.3" }),
  status({ podIP: "x" }, `Invalid status.podIPs[0]: Invalid value: "x": ${IP}`),
  status({ podIPs: [{ ip: "10.0.0.1" }, { ip: "::1" }] }),
  status(
    { hostIP: "10.0.0.1", hostIPs: [{ ip: "10.0.0.2" }] },
    'Invalid status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`',
  ),
  status(
    { qosClass: "Guaranteed" },
    'Invalid status.qosClass: Invalid value: "Guaranteed": field is immutable',
  ),
  status(
    { conditions: [{ type: "not a name", status: "True" }] },
    `Invalid status.conditions[0].Type: Invalid value: "not a name": ${NAME_PART}`,
  ),
  status(
    { nominatedNodeName: "A_B" },
    `Invalid status.nominatedNodeName: Invalid value: "A_B": ${SUBDOMAIN}`,
  ),
  status({ resourceClaimStatuses: [{ name: "gone" }], observedGeneration: -1 }),
];
