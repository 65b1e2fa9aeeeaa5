import { type Clock, type Logger, rfc3339Seconds } from "../../../base/index.ts";
import { configMaps, type KubeObject } from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { findSystemConfigMap, SYSTEM_NAMESPACE } from "./system-config-map.ts";
import { unlessChanged } from "./unless-changed.ts";

const NAME = "kube-apiserver-legacy-service-account-token-tracking";
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const RESYNC_MS = 60_000;

export interface LegacyTokenTrackingOptions {
  client: KubeClient;
  logger: Logger;
  clock: Clock;
}

/**
 * Tells since which day the server writes into Secrets when their tokens were used: who removes unused tokens must not look further
 * back (upstream's legacytokentracking controller). Returns once it stands there.
 */
export async function trackLegacyTokens({ client, clock }: LegacyTokenTrackingOptions): Promise<void> {
  const current = await findSystemConfigMap(client, NAME);
  const given = current?.data as Record<string, string> | undefined;
  if (DAY.test(given?.since ?? "")) return;
  const data = { ...given, since: rfc3339Seconds(clock.nowMs()).slice(0, 10) };
  const metadata = { name: NAME, namespace: SYSTEM_NAMESPACE };
  await unlessChanged(
    current
      ? client.update<KubeObject>(configMaps, { ...current, data })
      : client.create(configMaps, { metadata, data }),
  );
}

/** Writes it again where somebody removed or spoiled it, until the signal aborts. */
export function keepTrackingLegacyTokens(options: LegacyTokenTrackingOptions, signal: AbortSignal): void {
  const { clock, logger } = options;
  const again = () =>
    trackLegacyTokens(options).catch((error: unknown) =>
      logger.warn("since when tokens' uses are written down could not be told", { error }),
    );
  const stop = clock.every(RESYNC_MS, () => void again(), { unref: true });
  signal.addEventListener("abort", stop, { once: true });
}
