export {
  NetworkPolicies,
  type NetworkPoliciesOptions,
  policyTableName,
  removePolicyTable,
} from "./network-policies.ts";
