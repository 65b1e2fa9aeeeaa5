import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { ServiceAccount } from "../generated/types.ts";
import { subresource } from "../subresource.ts";
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
  subresources: [subresource("token", "TokenRequest", "create", { group: "authentication.k8s.io" })],
  hasStatus: false,
  allowUnconditionalUpdate: true,
  warnings,
  prepareForCreate: keepNamesOfSecrets,
  prepareForUpdate: keepNamesOfSecrets,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Secrets", (account: ServiceAccount) => account.secrets?.length ?? 0),
    ageColumn,
  ],
};

/** Secrets are those of the account's namespace: of a reference only the name counts. */
function keepNamesOfSecrets(account: ServiceAccount): void {
  for (const secret of account.secrets ?? []) {
    for (const field of Object.keys(secret))
      if (field !== "name") delete secret[field as keyof typeof secret];
  }
}

const MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets";

function warnings({ metadata }: ServiceAccount, previous?: ServiceAccount): string[] {
  const isNew = previous?.metadata.annotations?.[MOUNTABLE_SECRETS] === undefined;
  if (!isNew || metadata.annotations?.[MOUNTABLE_SECRETS] === undefined) return [];
  return [
    `metadata.annotations[${MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ];
}
