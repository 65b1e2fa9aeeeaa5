import type { Clock, Logger, Service } from "../../base/index.ts";
import type { KindSource } from "../api/index.ts";
import { createEventRecorder, type InformerFactory, type KubeClient } from "../client/index.ts";
import { createAttachDetachController } from "./attach-detach/index.ts";
import { createBootstrapSigner } from "./bootstrap-signer/index.ts";
import { createClusterRoleAggregationController } from "./clusterrole-aggregation/index.ts";
import type { Controller, ControllerDependencies } from "./controller.ts";
import { createCronJobController } from "./cronjob/index.ts";
import { createCsrApprovingController } from "./csrapproving/index.ts";
import { createCsrCleanerController } from "./csrcleaner/index.ts";
import { createCsrSigningController, type SigningAuthority } from "./csrsigning/index.ts";
import { createDaemonSetController } from "./daemonset/index.ts";
import { createDeploymentController } from "./deployment/index.ts";
import { createDisruptionController } from "./disruption/index.ts";
import { createEndpointsController } from "./endpoints/index.ts";
import { createEndpointSliceController } from "./endpointslice/index.ts";
import { createEndpointSliceMirroringController } from "./endpointslice-mirroring/index.ts";
import { createEphemeralVolumeController } from "./ephemeral-volume/index.ts";
import { createGarbageCollector } from "./garbage-collector/index.ts";
import { createHorizontalPodAutoscalerController } from "./horizontalpodautoscaler/index.ts";
import { createJobController } from "./job/index.ts";
import { createLegacyTokenCleaner } from "./legacy-token-cleaner/index.ts";
import { createLoadBalancerController } from "./load-balancer/index.ts";
import type { WorkqueueMetrics } from "./metrics/workqueue-metrics.ts";
import { createNamespaceController } from "./namespace/index.ts";
import { createNodeCertificatesController } from "./node-certificates/index.ts";
import { createNodeIpamController } from "./node-ipam/index.ts";
import { createNodeLifecycleController } from "./node-lifecycle/index.ts";
import type { ControllerSettings } from "./options/controller-settings.ts";
import { readControllerSettings } from "./options/read-controller-settings.ts";
import { createPersistentVolumeBinder } from "./persistentvolume-binder/index.ts";
import { createPodGcController } from "./pod-gc/index.ts";
import { createPvProtectionController } from "./pv-protection/index.ts";
import { createPvcProtectionController } from "./pvc-protection/index.ts";
import { createReplicaSetController } from "./replicaset/index.ts";
import { createReplicationController } from "./replication/index.ts";
import { createResourceQuotaController } from "./resourcequota/index.ts";
import { createRootCaController } from "./root-ca/index.ts";
import { createServiceCidrsController } from "./service-cidrs/index.ts";
import { createServiceAccountController } from "./serviceaccount/index.ts";
import {
  createServiceAccountTokenController,
  type ServiceAccountTokenDependencies,
} from "./serviceaccount-token/index.ts";
import { createStatefulSetController } from "./statefulset/index.ts";
import { createTaintEvictionController } from "./taint-eviction/index.ts";
import { createTokenCleaner } from "./token-cleaner/index.ts";
import { createTtlController } from "./ttl/index.ts";
import { createTtlAfterFinishedController } from "./ttl-after-finished/index.ts";
import { createValidatingAdmissionPolicyStatusController } from "./validating-admission-policy-status/index.ts";
import { createVolumeExpandController } from "./volume-expand/index.ts";

export type { Controller, ControllerDependencies } from "./controller.ts";
export { createVolumeProvisioner } from "./directory-provisioner/index.ts";
export { provideStorageClass } from "./directory-provisioner/storage-class.ts";
export { WorkqueueMetrics } from "./metrics/workqueue-metrics.ts";
export { NODE_PART_USERS } from "./node-certificates/judge-request.ts";
export { CONTROLLER_MANAGER_FLAGS } from "./options/flag-table.ts";
export { readControllerSettings } from "./options/read-controller-settings.ts";

export interface ControllerManagerOptions {
  /** A client per controller identity: `system:serviceaccount:kube-system:<name>`. */
  clientFor(identity: string): KubeClient;
  informers: InformerFactory;
  kinds: KindSource;
  /** The manager's own, for the one controller that has no identity upstream either. */
  ownClient: KubeClient;
  /** PEM of the cluster's CA. */
  caCertificate: string;
  issueToken: ServiceAccountTokenDependencies["issueToken"];
  /** The CA's signature, for the signers that Kubernetes knows. */
  authority: SigningAuthority;
  /** The network of all pods: `10.244.0.0/16`. */
  podCidr: string;
  /** Length of the prefix of each node's part of it. */
  nodeCidrMaskSize: number;
  /** Addresses for Services of type LoadBalancer: `10.97.0.0/24`. */
  loadBalancerCidr: string;
  /** Upstream's defaults when absent. */
  settings?: ControllerSettings;
  /** Takes the figures of the controllers' queues. */
  queueMetrics?: WorkqueueMetrics;
  logger: Logger;
  clock: Clock;
}

type Factory = (
  dependencies: ControllerDependencies,
  options: ControllerManagerOptions,
  settings: ControllerSettings,
) => Controller;

/** All controllers: upstream's name, the identity, and the event source where that is another. To add one: add a line. */
const CONTROLLERS: [name: string, identity: string, factory: Factory, component?: string][] = [
  ["deployment-controller", "deployment-controller", createDeploymentController],
  ["replicaset-controller", "replicaset-controller", createReplicaSetController],
  ["replicationcontroller-controller", "replication-controller", createReplicationController],
  ["statefulset-controller", "statefulset-controller", createStatefulSetController],
  ["daemonset-controller", "daemon-set-controller", createDaemonSetController, "daemonset-controller"],
  ["job-controller", "job-controller", createJobController],
  ["cronjob-controller", "cronjob-controller", createCronJobController],
  ["ttl-after-finished-controller", "ttl-after-finished-controller", createTtlAfterFinishedController],
  ["endpointslice-controller", "endpointslice-controller", createEndpointSliceController],
  ["endpoints-controller", "endpoint-controller", createEndpointsController],
  [
    "endpointslice-mirroring-controller",
    "endpointslicemirroring-controller",
    createEndpointSliceMirroringController,
  ],
  ["namespace-controller", "namespace-controller", createNamespaceController],
  ["serviceaccount-controller", "service-account-controller", createServiceAccountController],
  [
    "serviceaccount-token-controller",
    "tokens-controller",
    (dependencies, { ownClient, caCertificate, issueToken }) =>
      createServiceAccountTokenController({ ...dependencies, client: ownClient, caCertificate, issueToken }),
  ],
  [
    "legacy-serviceaccount-token-cleaner-controller",
    "legacy-service-account-token-cleaner",
    (dependencies, _, { legacyTokenCleanUpMs: cleanUpMs }) =>
      createLegacyTokenCleaner({ ...dependencies, cleanUpMs }),
  ],
  [
    "root-ca-certificate-publisher-controller",
    "root-ca-cert-publisher",
    (dependencies, { caCertificate }) => createRootCaController({ ...dependencies, caCertificate }),
  ],
  [
    "clusterrole-aggregation-controller",
    "clusterrole-aggregation-controller",
    createClusterRoleAggregationController,
  ],
  ["certificatesigningrequest-approving-controller", "certificate-controller", createCsrApprovingController],
  [
    "certificatesigningrequest-signing-controller",
    "certificate-controller",
    (dependencies, { authority }, { signingDurationMs: longestMs }) =>
      createCsrSigningController({ ...dependencies, authority, longestMs }),
  ],
  ["certificatesigningrequest-cleaner-controller", "certificate-controller", createCsrCleanerController],
  ["node-certificate-approving-controller", "node-certificate-approver", createNodeCertificatesController],
  ["bootstrap-signer-controller", "bootstrap-signer", createBootstrapSigner],
  ["token-cleaner-controller", "token-cleaner", createTokenCleaner],
  ["garbage-collector-controller", "generic-garbage-collector", createGarbageCollector],
  [
    "node-lifecycle-controller",
    "node-controller",
    (dependencies, _, { nodeMonitoring: monitoring }) =>
      createNodeLifecycleController({ ...dependencies, monitoring }),
  ],
  [
    "taint-eviction-controller",
    "node-controller",
    createTaintEvictionController,
    "taint-eviction-controller",
  ],
  [
    "node-ipam-controller",
    "node-controller",
    (dependencies, { podCidr, nodeCidrMaskSize }) =>
      createNodeIpamController({ ...dependencies, podCidr, nodeCidrMaskSize }),
    "cidrAllocator",
  ],
  ["ttl-controller", "ttl-controller", createTtlController],
  [
    "pod-garbage-collector-controller",
    "pod-garbage-collector",
    (dependencies, _, { terminatedPodsKept: terminatedKept }) =>
      createPodGcController({ ...dependencies, terminatedKept }),
  ],
  [
    "horizontal-pod-autoscaler-controller",
    "horizontal-pod-autoscaler",
    (dependencies, _, { autoscaler: settings }) =>
      createHorizontalPodAutoscalerController({ ...dependencies, settings }),
  ],
  ["disruption-controller", "disruption-controller", createDisruptionController, "controllermanager"],
  [
    "resourcequota-controller",
    "resourcequota-controller",
    (dependencies, _, { quotaSyncMs: syncMs }) => createResourceQuotaController({ ...dependencies, syncMs }),
  ],
  [
    "persistentvolume-binder-controller",
    "persistent-volume-binder",
    (dependencies, _, { volumeBinderSyncMs: syncMs }) =>
      createPersistentVolumeBinder({ ...dependencies, syncMs }),
    "persistentvolume-controller",
  ],
  [
    "ephemeral-volume-controller",
    "ephemeral-volume-controller",
    createEphemeralVolumeController,
    "ephemeral_volume",
  ],
  ["persistentvolume-attach-detach-controller", "attachdetach-controller", createAttachDetachController],
  [
    "persistentvolume-expander-controller",
    "expand-controller",
    createVolumeExpandController,
    "volume_expand",
  ],
  ["persistentvolumeclaim-protection-controller", "pvc-protection-controller", createPvcProtectionController],
  ["persistentvolume-protection-controller", "pv-protection-controller", createPvProtectionController],
  ["service-cidr-controller", "service-cidrs-controller", createServiceCidrsController],
  [
    "validatingadmissionpolicy-status-controller",
    "validatingadmissionpolicy-status-controller",
    createValidatingAdmissionPolicyStatusController,
  ],
  [
    "service-lb-controller",
    "service-controller",
    (dependencies, { loadBalancerCidr }) =>
      createLoadBalancerController({ ...dependencies, poolCidr: loadBalancerCidr }),
  ],
];

/** Runs every controller until stopped. */
export function createControllerManager(options: ControllerManagerOptions): Service {
  const { clientFor, informers, kinds, logger, clock, settings = readControllerSettings({}) } = options;
  return {
    name: "controllers",
    needs: ["apiserver"],
    async run({ signal, ready }) {
      const chosen = CONTROLLERS.filter(([name]) => settings.running.has(name));
      const controllers = chosen.map(([name, identity, factory, component = identity]) => {
        const client = clientFor(identity);
        const recorder = createEventRecorder({ client, component, clock, logger });
        const concurrency = settings.concurrency.get(name);
        const { queueMetrics } = options;
        const dependencies: ControllerDependencies = {
          ...{ client, informers, recorder, logger, clock, kinds },
          ...(concurrency === undefined ? {} : { concurrency }),
          ...(queueMetrics ? { queueMetrics } : {}),
        };
        return { recorder, controller: factory(dependencies, options, settings) };
      });
      ready();
      await Promise.all(controllers.map(({ controller }) => controller.run(signal)));
      await Promise.all(controllers.map(({ recorder }) => recorder.stop()));
    },
  };
}
