/** What parts of this program may do that upstream has no such part for, in the notation of cluster-roles.ts. */
export const PROGRAM_ROLES = `
system:cluster-dns
  core | namespaces services | list watch
  discovery.k8s.io | endpointslices | list watch
system:network-policy
  core | namespaces pods | list watch
  networking.k8s.io | networkpolicies | list watch
`;

/** In the notation of role-bindings.ts. */
export const PROGRAM_ROLE_BINDINGS = `
system:cluster-dns = system:cluster-dns : User:system:cluster-dns
system:network-policy = system:network-policy : User:system:network-policy
`;
