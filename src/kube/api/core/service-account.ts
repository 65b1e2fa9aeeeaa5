import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { ServiceAccount } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";

export const serviceAccounts: KindDefinition<ServiceAccount> = {
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  resource: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: ["sa"],
  namespaced: true,
  model: "io.k8s.api.core.v1.ServiceAccount",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  columns: [
    nameColumn,
    textColumn("Secrets", (account: ServiceAccount) => account.secrets?.length ?? 0),
    ageColumn,
  ],
};
