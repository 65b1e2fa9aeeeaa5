/** The ClusterRoles of the controllers; each is bound to the service account of its name in kube-system. */
export const CONTROLLER_ROLES = `
system:controller:attachdetach-controller
  core | persistentvolumeclaims persistentvolumes | list watch
  core | nodes | READ
  core | nodes/status | patch update
  core | pods | list watch
  core events.k8s.io | events | create patch update
  storage.k8s.io | volumeattachments | READ create delete
  storage.k8s.io | csidrivers | READ
  storage.k8s.io | csinodes | READ
system:controller:certificate-controller
  certificates.k8s.io | certificatesigningrequests | READ delete
  certificates.k8s.io | certificatesigningrequests/approval certificatesigningrequests/status | update
  certificates.k8s.io | signers @ kubernetes.io/kube-apiserver-client-kubelet | approve
  certificates.k8s.io | signers @ kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown | sign
  authorization.k8s.io | subjectaccessreviews | create
  core events.k8s.io | events | create patch update
system:controller:clusterrole-aggregation-controller
  rbac.authorization.k8s.io | clusterroles | READ escalate patch update
system:controller:cronjob-controller
  batch | cronjobs | READ update
  batch | jobs | READ create delete patch update
  batch | cronjobs/status | update
  batch | cronjobs/finalizers | update
  core | pods | delete list watch
  core events.k8s.io | events | create patch update
system:controller:daemon-set-controller
  apps extensions | daemonsets | READ
  apps extensions | daemonsets/status | update
  apps extensions | daemonsets/finalizers | update
  core | nodes | list watch
  core | pods | create delete list patch watch
  core | pods/binding | create
  apps | controllerrevisions | READ create delete patch update
  core events.k8s.io | events | create patch update
system:controller:deployment-controller
  apps extensions | deployments | READ update
  apps extensions | deployments/status | update
  apps extensions | deployments/finalizers | update
  apps extensions | replicasets | READ create delete patch update
  core | pods | READ update
  core events.k8s.io | events | create patch update
system:controller:disruption-controller
  apps extensions | deployments | READ
  apps extensions | replicasets | READ
  core | replicationcontrollers | READ
  policy | poddisruptionbudgets | READ
  apps | statefulsets | READ
  policy | poddisruptionbudgets/status | update
  core | pods/status | patch update
  * | */scale | get
  core events.k8s.io | events | create patch update
system:controller:endpoint-controller
  core | pods services | READ
  core | endpoints | READ create delete update
  core | endpoints/restricted | create
  core events.k8s.io | events | create patch update
system:controller:endpointslice-controller
  core | nodes pods services | READ
  core | services/finalizers | update
  discovery.k8s.io | endpointslices | READ create delete update
  discovery.k8s.io | endpointslices/restricted | create
  core events.k8s.io | events | create patch update
system:controller:endpointslicemirroring-controller
  core | endpoints services | READ
  core | services/finalizers | update
  core | endpoints/finalizers | update
  discovery.k8s.io | endpointslices | READ create delete update
  discovery.k8s.io | endpointslices/restricted | create
  core events.k8s.io | events | create patch update
system:controller:ephemeral-volume-controller
  core | pods | READ
  core | pods/finalizers | update
  core | persistentvolumeclaims | READ create
  core events.k8s.io | events | create patch update
system:controller:expand-controller
  core | persistentvolumes | READ patch update
  core | persistentvolumeclaims/status | patch update
  core | persistentvolumeclaims | READ
  core events.k8s.io | events | create patch update
  core | services | get
system:controller:generic-garbage-collector
  * | * | READ delete patch update
  core events.k8s.io | events | create patch update
system:controller:horizontal-pod-autoscaler
  autoscaling | horizontalpodautoscalers | READ
  autoscaling | horizontalpodautoscalers/status | update
  * | */scale | get update
  core | pods | list watch
  metrics.k8s.io | pods | list watch
  custom.metrics.k8s.io | * | READ
  external.metrics.k8s.io | * | READ
  core events.k8s.io | events | create patch update
system:controller:job-controller
  batch | jobs | READ patch update
  batch | jobs/status | update
  batch | jobs/finalizers | update
  core | pods | create delete list patch watch
  core events.k8s.io | events | create patch update
system:controller:legacy-service-account-token-cleaner
  core | configmaps @ kube-apiserver-legacy-service-account-token-tracking | get
  core | secrets | delete patch
system:controller:namespace-controller
  core | namespaces | READ delete
  core | namespaces/finalize namespaces/status | update
  * | * | READ delete deletecollection
system:controller:node-controller
  core | nodes | READ delete patch update
  core | nodes/status | patch update
  core | pods/status | patch update
  core | pods | READ delete
  core events.k8s.io | events | create patch update
system:controller:persistent-volume-binder
  core | persistentvolumes | READ create delete update
  core | persistentvolumes/status | update
  core | persistentvolumeclaims | READ update
  core | persistentvolumeclaims/status | update
  core | pods | READ create delete
  storage.k8s.io | storageclasses | READ
  core | nodes | list watch
  core events.k8s.io | events | create patch update
  core | events | watch
  core | services | get
system:controller:pod-garbage-collector
  core | pods | delete list watch
  core | nodes | READ
  core | pods/status | patch
system:controller:pv-protection-controller
  core | persistentvolumes | READ update
  core events.k8s.io | events | create patch update
system:controller:pvc-protection-controller
  core | persistentvolumeclaims | READ update
  core | pods | READ
  core events.k8s.io | events | create patch update
system:controller:replicaset-controller
  apps extensions | replicasets | READ update
  apps extensions | replicasets/status | update
  apps extensions | replicasets/finalizers | update
  core | pods | create delete list patch watch
  core events.k8s.io | events | create patch update
system:controller:replication-controller
  core | replicationcontrollers | READ update
  core | replicationcontrollers/status | update
  core | replicationcontrollers/finalizers | update
  core | pods | create delete list patch watch
  core events.k8s.io | events | create patch update
system:controller:resourcequota-controller
  * | * | list watch
  core | resourcequotas/status | update
  core events.k8s.io | events | create patch update
system:controller:root-ca-cert-publisher
  core | configmaps | create update
  core events.k8s.io | events | create patch update
system:controller:route-controller
  core | nodes | list watch
  core | nodes/status | patch
  core events.k8s.io | events | create patch update
system:controller:selinux-warning-controller
  core events.k8s.io | events | create patch update
  core | persistentvolumes | READ
  core | persistentvolumeclaims | READ
  core | pods | READ
  storage.k8s.io | csidrivers | READ
system:controller:service-account-controller
  core | serviceaccounts | create
  core events.k8s.io | events | create patch update
system:controller:service-cidrs-controller
  networking.k8s.io | servicecidrs | READ patch update
  networking.k8s.io | servicecidrs/finalizers | patch update
  networking.k8s.io | servicecidrs/status | patch update
  networking.k8s.io | ipaddresses | READ
  core events.k8s.io | events | create patch update
system:controller:service-controller
  core | services | READ
  core | services/status | patch update
  core | nodes | list watch
  core events.k8s.io | events | create patch update
system:controller:statefulset-controller
  core | pods | list watch
  apps | statefulsets | READ
  apps | statefulsets/status | update
  apps | statefulsets/finalizers | update
  core | pods | create delete get patch update
  apps | controllerrevisions | READ create delete patch update
  core | persistentvolumeclaims | READ create
  core events.k8s.io | events | create patch update
  core | persistentvolumeclaims | delete update
  core | pods/finalizers | update
system:controller:ttl-after-finished-controller
  batch | jobs | READ delete
  core events.k8s.io | events | create patch update
system:controller:ttl-controller
  core | nodes | list patch update watch
  core events.k8s.io | events | create patch update
system:controller:validatingadmissionpolicy-status-controller
  admissionregistration.k8s.io | validatingadmissionpolicies | READ
  admissionregistration.k8s.io | validatingadmissionpolicies/status | get patch update
  core events.k8s.io | events | create patch update
`;
