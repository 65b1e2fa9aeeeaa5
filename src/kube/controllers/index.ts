import type { Clock, Logger, Service } from "../../base/index.ts";
import type { KindSource } from "../api/index.ts";
import { createEventRecorder, type InformerFactory, type KubeClient } from "../client/index.ts";
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
import { createLoadBalancerController } from "./load-balancer/index.ts";
import { createNamespaceController } from "./namespace/index.ts";
import { createNodeCertificatesController } from "./node-certificates/index.ts";
import { createNodeIpamController } from "./node-ipam/index.ts";
import { createNodeLifecycleController } from "./node-lifecycle/index.ts";
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
export { NODE_PART_USERS } from "./node-certificates/judge-request.ts";

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
  /** After how long a node that says nothing counts as lost; upstream's time where it is absent. */
  nodeMonitorGraceMs?: number;
  logger: Logger;
  clock: Clock;
}

type Factory = (dependencies: ControllerDependencies, options: ControllerManagerOptions) => Controller;

/** All controllers, with the identity and the event source that upstream gives them. To add one: add a line. */
const CONTROLLERS: [identity: string, factory: Factory, component?: string][] = [
  ["deployment-controller", createDeploymentController],
  ["replicaset-controller", createReplicaSetController],
  ["replication-controller", createReplicationController],
  ["statefulset-controller", createStatefulSetController],
  ["daemon-set-controller", createDaemonSetController, "daemonset-controller"],
  ["job-controller", createJobController],
  ["cronjob-controller", createCronJobController],
  ["ttl-after-finished-controller", createTtlAfterFinishedController],
  ["endpointslice-controller", createEndpointSliceController],
  ["endpoint-controller", createEndpointsController],
  ["endpointslicemirroring-controller", createEndpointSliceMirroringController],
  ["namespace-controller", createNamespaceController],
  ["service-account-controller", createServiceAccountController],
  [
    "tokens-controller",
    (dependencies, { ownClient, caCertificate, issueToken }) =>
      createServiceAccountTokenController({ ...dependencies, client: ownClient, caCertificate, issueToken }),
  ],
  [
    "root-ca-cert-publisher",
    (dependencies, { caCertificate }) => createRootCaController({ ...dependencies, caCertificate }),
  ],
  ["clusterrole-aggregation-controller", createClusterRoleAggregationController],
  ["certificate-controller", createCsrApprovingController],
  [
    "certificate-controller",
    (dependencies, { authority }) => createCsrSigningController({ ...dependencies, authority }),
  ],
  ["certificate-controller", createCsrCleanerController],
  ["node-certificate-approver", createNodeCertificatesController],
  ["bootstrap-signer", createBootstrapSigner],
  ["token-cleaner", createTokenCleaner],
  ["generic-garbage-collector", createGarbageCollector],
  [
    "node-controller",
    (dependencies, { nodeMonitorGraceMs: graceMs }) =>
      createNodeLifecycleController({ ...dependencies, graceMs }),
  ],
  ["node-controller", createTaintEvictionController, "taint-eviction-controller"],
  [
    "node-controller",
    (dependencies, { podCidr, nodeCidrMaskSize }) =>
      createNodeIpamController({ ...dependencies, podCidr, nodeCidrMaskSize }),
    "cidrAllocator",
  ],
  ["ttl-controller", createTtlController],
  ["pod-garbage-collector", createPodGcController],
  ["horizontal-pod-autoscaler", createHorizontalPodAutoscalerController],
  ["disruption-controller", createDisruptionController, "controllermanager"],
  ["resourcequota-controller", createResourceQuotaController],
  ["persistent-volume-binder", createPersistentVolumeBinder, "persistentvolume-controller"],
  ["ephemeral-volume-controller", createEphemeralVolumeController, "ephemeral_volume"],
  ["expand-controller", createVolumeExpandController, "volume_expand"],
  ["pvc-protection-controller", createPvcProtectionController],
  ["pv-protection-controller", createPvProtectionController],
  ["service-cidrs-controller", createServiceCidrsController],
  ["validatingadmissionpolicy-status-controller", createValidatingAdmissionPolicyStatusController],
  [
    "service-controller",
    (dependencies, { loadBalancerCidr }) =>
      createLoadBalancerController({ ...dependencies, poolCidr: loadBalancerCidr }),
  ],
];

/** Runs every controller until stopped. */
export function createControllerManager(options: ControllerManagerOptions): Service {
  const { clientFor, informers, kinds, logger, clock } = options;
  return {
    name: "controllers",
    needs: ["apiserver"],
    async run({ signal, ready }) {
      const controllers = CONTROLLERS.map(([identity, factory, component = identity]) => {
        const client = clientFor(identity);
        const recorder = createEventRecorder({ client, component, clock, logger });
        return {
          recorder,
          controller: factory({ client, informers, recorder, logger, clock, kinds }, options),
        };
      });
      ready();
      await Promise.all(controllers.map(({ controller }) => controller.run(signal)));
      await Promise.all(controllers.map(({ recorder }) => recorder.stop()));
    },
  };
}
