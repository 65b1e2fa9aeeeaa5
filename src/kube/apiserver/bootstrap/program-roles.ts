/** What parts of this program may do that upstream has no such part for, in the notation of cluster-roles.ts. */
export const PROGRAM_ROLES = `
system:cluster-dns
  core | namespaces services | list watch
  discovery.k8s.io | endpointslices | list watch
gantry:volume-provisioner
  core | nodes | READ
  core | persistentvolumes | READ create delete patch update
  core | persistentvolumeclaims | READ update
  storage.k8s.io | storageclasses | READ
  core events.k8s.io | events | create patch update
gantry:node-certificate-approver
  core | nodes | READ
  certificates.k8s.io | certificatesigningrequests | READ
  certificates.k8s.io | certificatesigningrequests/approval | update
  certificates.k8s.io | signers @ kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving | approve
gantry:ingress-controller
  core | configmaps namespaces secrets services | READ
  discovery.k8s.io | endpointslices | READ
  networking.k8s.io | ingresses | READ
  networking.k8s.io | ingressclasses | READ create
  networking.k8s.io | ingresses/status | patch update
  gateway.networking.k8s.io | backendtlspolicies gateways grpcroutes httproutes referencegrants tlsroutes | READ
  gateway.networking.k8s.io | gatewayclasses | READ create
  gateway.networking.k8s.io | backendtlspolicies/status gatewayclasses/status gateways/status grpcroutes/status httproutes/status tlsroutes/status | patch update
  coordination.k8s.io | leases | create get update
  core events.k8s.io | events | create patch update
system:network-policy
  core | namespaces pods | list watch
  networking.k8s.io | networkpolicies | list watch
`;

/** Such roles inside namespaces, in the notation of role-bindings.ts. */
export const PROGRAM_NAMESPACE_ROLES = `
kube-public/gantry:cluster-info
  core | configmaps @ cluster-info | get
kube-system/gantry:cluster-settings
  core | configmaps @ gantry-cluster | get
`;

/**
 * In the notation of role-bindings.ts. Machines that join by a bootstrap token ask for their first certificate, and nodes for the
 * next one, as kubeadm lets them; what a cluster is to those who want to join is public.
 */
export const PROGRAM_ROLE_BINDINGS = `
system:cluster-dns = system:cluster-dns : User:system:cluster-dns
gantry:volume-provisioner = gantry:volume-provisioner : User:system:volume-provisioner
gantry:node-certificate-approver = gantry:node-certificate-approver : ServiceAccount:kube-system/node-certificate-approver
gantry:ingress-controller = gantry:ingress-controller : ServiceAccount:kube-system/ingress-controller
gantry:node-bootstrappers = system:node-bootstrapper : Group:system:bootstrappers
gantry:node-autoapprove-bootstrap = system:certificates.k8s.io:certificatesigningrequests:nodeclient : Group:system:bootstrappers
gantry:node-autoapprove-certificate-rotation = system:certificates.k8s.io:certificatesigningrequests:selfnodeclient : Group:system:nodes
kube-public/gantry:cluster-info = Role/gantry:cluster-info : User:system:anonymous Group:system:authenticated
kube-system/gantry:cluster-settings = Role/gantry:cluster-settings : Group:system:nodes Group:system:bootstrappers
system:network-policy = system:network-policy : User:system:network-policy
`;
