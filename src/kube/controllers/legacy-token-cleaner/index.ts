import { isGantryError, rfc3339Seconds } from "../../../base/index.ts";
import {
  configMaps,
  pods as podsResource,
  type Secret,
  secretNamesOf,
  secrets as secretsResource,
  serviceAccounts as serviceAccountsResource,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";

const DAY_MS = 24 * 3_600_000;
const KEY = "all";
const TRACKING = "kube-apiserver-legacy-service-account-token-tracking";
const TYPE = "kubernetes.io/service-account-token";
const LAST_USED = "kubernetes.io/legacy-token-last-used";
const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";

const dayOf = (ms: number): string => rfc3339Seconds(ms).slice(0, 10);

/**
 * Takes tokens back that stand in the Secrets of a ServiceAccount's list, where nobody has used them for long and no pod names
 * them, and removes them as long after that (legacy_serviceaccount_token_cleaner.go). Looks once a day.
 */
export function createLegacyTokenCleaner(
  dependencies: ControllerDependencies & { cleanUpMs?: number },
): Controller {
  const { client, informers, logger, clock, cleanUpMs = 365 * DAY_MS } = dependencies;
  const secrets = informers.informer(secretsResource);
  const accounts = informers.informer(serviceAccountsResource);
  const pods = informers.informer(podsResource);

  /** Whether uses have been written down for long enough that none can have been missed. */
  const isTrackedForLong = async (): Promise<boolean> => {
    const { data } = await client.get(configMaps, "kube-system", TRACKING);
    const since = data?.since ?? "";
    if (!DAY.test(since))
      throw new Error(`it is not known since when tokens' uses are written down: ${since}`);
    // The day itself is not whole.
    return clock.nowMs() >= Date.parse(since) + DAY_MS + cleanUpMs;
  };

  /** Of what stands in no list nobody knows whether a person made it. */
  const isOfAccountsList = ({ metadata: { namespace, name, annotations = {} } }: Secret): boolean => {
    const account = accounts.get(`${namespace}/${annotations[ACCOUNT_NAME] ?? ""}`);
    const uid = annotations[ACCOUNT_UID];
    if (!account || (uid && uid !== account.metadata.uid)) return false;
    return (account.secrets ?? []).some((one) => one.name === name);
  };

  const isUnused = ({ type, metadata }: Secret, nowMs: number): boolean => {
    if (type !== TYPE || metadata.deletionTimestamp) return false;
    if (Date.parse(metadata.creationTimestamp!) >= nowMs - cleanUpMs) return false;
    const lastUsed = metadata.labels?.[LAST_USED];
    return lastUsed === undefined || (DAY.test(lastUsed) && lastUsed < dayOf(nowMs - cleanUpMs));
  };

  const usedByPods = (namespace: string): Set<string> =>
    new Set([...pods.list(namespace)].flatMap((pod) => [...secretNamesOf(pod)]));

  const takeBack = async ({ metadata: { namespace, name, uid } }: Secret, nowMs: number): Promise<void> => {
    const metadata = { uid, labels: { [INVALID_SINCE]: dayOf(nowMs) } };
    await unlessGone(client.patch(secretsResource, namespace, name, "merge", { metadata }));
  };

  const remove = async ({ metadata: { namespace, name, resourceVersion } }: Secret): Promise<void> => {
    const preconditions = { resourceVersion: resourceVersion! };
    try {
      await unlessGone(client.delete(secretsResource, namespace, name, { preconditions }));
    } catch (error) {
      // It was used a moment ago.
      if (!isGantryError(error, "Conflict")) throw error;
    }
  };

  const clean = async (): Promise<void> => {
    if (!(await isTrackedForLong())) return;
    const nowMs = clock.nowMs();
    const used = new Map<string, Set<string>>();
    for (const secret of [...secrets.list()]) {
      if (!isUnused(secret, nowMs) || !isOfAccountsList(secret)) continue;
      const { namespace = "", name, labels } = secret.metadata;
      if (!used.has(namespace)) used.set(namespace, usedByPods(namespace));
      if (used.get(namespace)!.has(name)) continue;
      const invalidSince = labels?.[INVALID_SINCE] ?? "";
      if (!DAY.test(invalidSince)) {
        logger.info("a token is taken back that nobody uses", { namespace, secret: name });
        await takeBack(secret, nowMs);
      } else if (invalidSince < dayOf(nowMs - cleanUpMs)) await remove(secret);
    }
  };

  return createController(
    {
      name: "legacy-token-cleaner",
      informers: [secrets, accounts, pods],
      watch: (enqueue) => {
        enqueue(KEY);
        return [];
      },
      reconcile: async (key, enqueue) => {
        enqueue(key, DAY_MS);
        await clean();
      },
    },
    dependencies,
  );
}
