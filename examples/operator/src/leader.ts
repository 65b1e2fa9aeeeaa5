import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  CoordinationV1Api,
  type KubeConfig,
  type V1Lease,
  V1MicroTime,
} from "@kubernetes/client-node";

const LEASE_SECONDS = 10;
const RETRY_MS = 2_000;

export interface LeaderOptions {
  namespace: string;
  /** Of the Lease. */
  name: string;
  /** Who this is: the pod's name. */
  identity: string;
  signal: AbortSignal;
}

/**
 * Waits until this process holds the Lease, calls `onStart`, and then renews it until the signal says so: the Lease is given
 * back then. Resolves to `false` when another has taken the Lease meanwhile: the caller has to stop what it does as a leader.
 */
export async function leadWith(
  config: KubeConfig,
  options: LeaderOptions,
  onStart: () => void,
): Promise<boolean> {
  const api = config.makeApiClient(CoordinationV1Api);
  let renewedAt = 0;
  let leading = false;
  while (!options.signal.aborted) {
    const holds = await acquire(api, options).catch((error) => {
      console.error(`lease ${options.name}: ${error.message}`);
      // Nobody else takes it before it has run out.
      return leading && Date.now() - renewedAt < (LEASE_SECONDS * 1_000) / 2;
    });
    if (leading && !holds) return false;
    if (holds) renewedAt = Date.now();
    if (holds && !leading) onStart();
    leading ||= holds;
    await sleep(RETRY_MS, undefined, { signal: options.signal }).catch(() => {});
  }
  if (leading) await release(api, options);
  return true;
}

/** Takes the Lease, or renews it; false when another one holds it. The resource version lets only one of several win. */
async function acquire(
  api: CoordinationV1Api,
  { namespace, name, identity }: LeaderOptions,
): Promise<boolean> {
  const now = new V1MicroTime();
  const lease = await api.readNamespacedLease({ namespace, name }).catch(absent);
  const mine = { holderIdentity: identity, leaseDurationSeconds: LEASE_SECONDS, renewTime: now };
  try {
    if (lease === undefined) {
      const spec = { ...mine, acquireTime: now, leaseTransitions: 0 };
      await api.createNamespacedLease({ namespace, body: { metadata: { name }, spec } });
      return true;
    }
    const held = lease.spec?.holderIdentity === identity;
    if (!held && !isOver(lease)) return false;
    const transitions = (lease.spec?.leaseTransitions ?? 0) + (held ? 0 : 1);
    const spec = {
      ...lease.spec,
      ...mine,
      ...(held ? {} : { acquireTime: now, leaseTransitions: transitions }),
    };
    await api.replaceNamespacedLease({ namespace, name, body: { ...lease, spec } });
    return true;
  } catch (error) {
    if (error instanceof ApiException && error.code === 409) return false;
    throw error;
  }
}

async function release(api: CoordinationV1Api, { namespace, name, identity }: LeaderOptions): Promise<void> {
  const lease = await api.readNamespacedLease({ namespace, name });
  if (lease.spec?.holderIdentity !== identity) return;
  const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 };
  await api.replaceNamespacedLease({ namespace, name, body: { ...lease, spec } });
}

function isOver({ spec }: V1Lease): boolean {
  if (!spec?.holderIdentity || !spec.renewTime) return true;
  // The client library leaves times of this type as the text that they are in JSON.
  const renewedAt = new Date(spec.renewTime).getTime();
  return renewedAt + (spec.leaseDurationSeconds ?? 0) * 1_000 < Date.now();
}

function absent(error: unknown): undefined {
  if (error instanceof ApiException && error.code === 404) return undefined;
  throw error;
}
