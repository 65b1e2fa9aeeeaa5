/** Roles inside namespaces, in the notation of cluster-roles.ts with the namespace before the name. */
export const NAMESPACE_ROLES = `
kube-public/system:controller:bootstrap-signer
  core | configmaps | READ
  core | configmaps @ cluster-info | update
  core events.k8s.io | events | create patch update
kube-system/extension-apiserver-authentication-reader
  core | configmaps @ extension-apiserver-authentication | READ
kube-system/system::leader-locking-kube-controller-manager
  core | configmaps | watch
  core | configmaps @ kube-controller-manager | get update
  coordination.k8s.io | leases | READ create update
  coordination.k8s.io | leasecandidates | READ create update
kube-system/system::leader-locking-kube-scheduler
  core | configmaps | watch
  core | configmaps @ kube-scheduler | get update
  coordination.k8s.io | leases | READ create update
  coordination.k8s.io | leasecandidates | READ create update
kube-system/system:controller:bootstrap-signer
  core | secrets | READ
kube-system/system:controller:cloud-provider
  core | configmaps | READ create
kube-system/system:controller:token-cleaner
  core | secrets | READ delete
  core events.k8s.io | events | create patch update
`;

/** `name = ClusterRole : subjects`, `namespace/name = Role/… : subjects`. */
export const ROLE_BINDINGS = `
cluster-admin = cluster-admin : Group:system:masters
system:basic-user = system:basic-user : Group:system:authenticated
system:discovery = system:discovery : Group:system:authenticated
system:kube-controller-manager = system:kube-controller-manager : User:system:kube-controller-manager
system:kube-dns = system:kube-dns : ServiceAccount:kube-system/kube-dns
system:kube-scheduler = system:kube-scheduler : User:system:kube-scheduler
system:monitoring = system:monitoring : Group:system:monitoring
system:node = system:node :
system:node-proxier = system:node-proxier : User:system:kube-proxy
system:public-info-viewer = system:public-info-viewer : Group:system:authenticated Group:system:unauthenticated
system:service-account-issuer-discovery = system:service-account-issuer-discovery : Group:system:serviceaccounts
system:volume-scheduler = system:volume-scheduler : User:system:kube-scheduler
kube-public/system:controller:bootstrap-signer = Role/system:controller:bootstrap-signer : ServiceAccount:kube-system/bootstrap-signer
kube-system/system::extension-apiserver-authentication-reader = Role/extension-apiserver-authentication-reader : User:system:kube-controller-manager User:system:kube-scheduler
kube-system/system::leader-locking-kube-controller-manager = Role/system::leader-locking-kube-controller-manager : User:system:kube-controller-manager ServiceAccount:kube-system/kube-controller-manager ServiceAccount:kube-system/leader-election-controller
kube-system/system::leader-locking-kube-scheduler = Role/system::leader-locking-kube-scheduler : User:system:kube-scheduler ServiceAccount:kube-system/kube-scheduler
kube-system/system:controller:bootstrap-signer = Role/system:controller:bootstrap-signer : ServiceAccount:kube-system/bootstrap-signer
kube-system/system:controller:cloud-provider = Role/system:controller:cloud-provider : ServiceAccount:kube-system/cloud-provider
kube-system/system:controller:token-cleaner = Role/system:controller:token-cleaner : ServiceAccount:kube-system/token-cleaner
`;
