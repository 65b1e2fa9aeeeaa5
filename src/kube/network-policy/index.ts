export { NetworkPolicies, type NetworkPoliciesOptions, policyTableName } from "./network-policies.ts";
