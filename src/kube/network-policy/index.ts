export {
  NetworkPolicies,
  type NetworkPoliciesOptions,
  policyTableName,
  removePolicyTable,
} from "./network-policy.ts";
