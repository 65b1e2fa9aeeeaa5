import { isGantryError } from "../../../base/index.ts";
import {
  type Secret,
  type ServiceAccount,
  secrets as secretsResource,
  serviceAccounts,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf, splitKey } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";

const TYPE = "kubernetes.io/service-account-token";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";
const OF_ACCOUNT = "tokens-of-account";
const NAMED_BY_ACCOUNT = "named-by-account";

export interface ServiceAccountTokenDependencies extends ControllerDependencies {
  /** Signs the token of an account, without an end, that stands in the Secret of this name. */
  issueToken(account: ServiceAccount, secretName: string): string;
  /** PEM of the cluster's CA. */
  caCertificate: string;
}

/**
 * Puts tokens into the Secrets that ask for one of a service account, and deletes those whose account is gone; an account no longer
 * names a Secret that is gone (upstream's serviceaccount-token controller).
 */
export function createServiceAccountTokenController(
  dependencies: ServiceAccountTokenDependencies,
): Controller {
  const { client, informers } = dependencies;
  const secrets = informers.informer(secretsResource);
  const accounts = informers.informer(serviceAccounts);
  secrets.addIndex(OF_ACCOUNT, (secret) =>
    isToken(secret) ? [`${secret.metadata.namespace}/${accountNameOf(secret)}`] : [],
  );
  accounts.addIndex(NAMED_BY_ACCOUNT, ({ metadata, secrets: named }) =>
    (named ?? []).map(({ name }) => `${metadata.namespace}/${name}`),
  );

  return createController(
    {
      name: "serviceaccount-token",
      informers: [secrets, accounts],
      watch: (enqueue) => {
        const look = (secret: Secret): void => {
          if (isToken(secret)) enqueue(keyOf(secret));
        };
        const lookAtTokens = (account: ServiceAccount): void => {
          for (const secret of secrets.byIndex(OF_ACCOUNT, keyOf(account))) enqueue(keyOf(secret));
        };
        return [
          secrets.subscribe({ onAdd: look, onUpdate: look, onDelete: look }),
          accounts.subscribe({ onDelete: lookAtTokens }),
        ];
      },
      reconcile: async (key) => {
        const secret = secrets.get(key);
        if (!secret) return forget(client, accounts.byIndex(NAMED_BY_ACCOUNT, key), splitKey(key).name);
        if (!isToken(secret) || accountNameOf(secret) === "") return;
        const { namespace } = secret.metadata;
        const known = accounts.get(`${namespace}/${accountNameOf(secret)}`);
        const account = isFor(secret, known) ? known : await liveAccount(client, secret);
        if (account) await complete(dependencies, secret, account);
        else await remove(client, secret);
      },
    },
    dependencies,
  );
}

const isToken = (secret: Secret): boolean => secret.type === TYPE;
const accountNameOf = ({ metadata }: Secret): string => metadata.annotations?.[ACCOUNT_NAME] ?? "";

function isFor({ metadata }: Secret, account: ServiceAccount | undefined): boolean {
  const uid = metadata.annotations?.[ACCOUNT_UID];
  return account !== undefined && (!uid || uid === account.metadata.uid);
}

/** The informer may not have heard of it yet. */
async function liveAccount(client: KubeClient, secret: Secret): Promise<ServiceAccount | undefined> {
  let found: ServiceAccount | undefined;
  await unlessGone(
    client
      .get(serviceAccounts, secret.metadata.namespace, accountNameOf(secret))
      .then((account) => (found = account)),
  );
  return isFor(secret, found) ? found : undefined;
}

async function remove(client: KubeClient, { metadata: { namespace, name, uid } }: Secret): Promise<void> {
  await unlessChanged(client.delete(secretsResource, namespace, name, { preconditions: { uid } }));
}

async function complete(
  { client, issueToken, caCertificate }: ServiceAccountTokenDependencies,
  secret: Secret,
  account: ServiceAccount,
): Promise<void> {
  const { metadata, data = {} } = secret;
  const ca = base64(caCertificate);
  if (data["ca.crt"] === ca && data.namespace && data.token) return;
  const completed: Secret = {
    ...secret,
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        [ACCOUNT_NAME]: account.metadata.name,
        [ACCOUNT_UID]: account.metadata.uid,
      },
    },
    data: {
      ...data,
      "ca.crt": ca,
      namespace: data.namespace || base64(metadata.namespace!),
      token: data.token || base64(issueToken(account, metadata.name)),
    },
  };
  await unlessChanged(client.update(secretsResource, completed));
}

/** Accounts no longer name the Secret. */
async function forget(
  client: KubeClient,
  accounts: readonly ServiceAccount[],
  secretName: string,
): Promise<void> {
  for (const account of accounts) {
    const secrets = account.secrets?.filter(({ name }) => name !== secretName);
    await unlessGone(client.update(serviceAccounts, { ...account, secrets }));
  }
}

/** Of what was changed meanwhile the informer tells, and it is looked at again. */
async function unlessChanged(write: Promise<unknown>): Promise<void> {
  try {
    await unlessGone(write);
  } catch (error) {
    if (!isGantryError(error, "Conflict")) throw error;
  }
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
