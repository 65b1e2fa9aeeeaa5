import { X509Certificate } from "node:crypto";
import type { Clock, Logger } from "../../../base/index.ts";
import { jsonEquals, pemBlocks } from "../../../formats/index.ts";
import { configMaps, type KubeObject } from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { pem } from "../../pki/index.ts";
import type { RequestHeaderOptions } from "../authentication/request-header.ts";
import { findSystemConfigMap, SYSTEM_NAMESPACE } from "./system-config-map.ts";

const NAME = "extension-apiserver-authentication";
const RESYNC_MS = 60_000;

export interface ClusterAuthenticationOptions {
  client: KubeClient;
  clientCaPem: string;
  requestHeader: RequestHeaderOptions;
  logger: Logger;
  clock: Clock;
}

/**
 * Tells other API servers how this one knows its clients, in the ConfigMap `extension-apiserver-authentication`; what other
 * servers have put there stays (upstream's clusterauthenticationtrust controller). Returns once it stands there.
 */
export async function publishClusterAuthentication(options: ClusterAuthenticationOptions): Promise<void> {
  const { client, clock } = options;
  const current = await findSystemConfigMap(client, NAME);
  const data = combined(current?.data as Data | undefined, options, clock.nowMs());
  if (current === undefined) {
    await client.create(configMaps, { metadata: { name: NAME, namespace: SYSTEM_NAMESPACE }, data });
  } else if (!jsonEquals(current.data ?? {}, data)) {
    await client.update<KubeObject>(configMaps, { ...current, data });
  }
}

/** Puts it back where somebody removed or changed it, until the signal aborts. */
export function keepClusterAuthentication(options: ClusterAuthenticationOptions, signal: AbortSignal): void {
  const { clock, logger } = options;
  const again = () =>
    publishClusterAuthentication(options).catch((error: unknown) =>
      logger.warn("what other API servers are told of clients could not be written", { error }),
    );
  const stop = clock.every(RESYNC_MS, () => void again(), { unref: true });
  signal.addEventListener("abort", stop, { once: true });
}

type Data = Record<string, string>;

function combined(
  current: Data = {},
  { clientCaPem, requestHeader }: ClusterAuthenticationOptions,
  nowMs: number,
): Data {
  const list = (key: string, wanted: readonly string[] = []) => [
    ...new Set([...listOf(current[key]), ...wanted]),
  ];
  const clientCa = certificatesOf([current["client-ca-file"], clientCaPem], nowMs);
  const proxyCa = certificatesOf([current["requestheader-client-ca-file"], requestHeader.caPem], nowMs);
  return {
    "client-ca-file": clientCa,
    "requestheader-username-headers": JSON.stringify(
      list("requestheader-username-headers", requestHeader.usernameHeaders),
    ),
    "requestheader-uid-headers": JSON.stringify(list("requestheader-uid-headers", requestHeader.uidHeaders)),
    "requestheader-group-headers": JSON.stringify(
      list("requestheader-group-headers", requestHeader.groupHeaders),
    ),
    "requestheader-extra-headers-prefix": JSON.stringify(
      list("requestheader-extra-headers-prefix", requestHeader.extraHeaderPrefixes),
    ),
    "requestheader-client-ca-file": proxyCa,
    "requestheader-allowed-names": JSON.stringify(
      list("requestheader-allowed-names", requestHeader.allowedNames),
    ),
  };
}

/** What cannot be read is written anew. */
function listOf(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** All that are still valid, each once. */
function certificatesOf(pems: readonly (string | undefined)[], nowMs: number): string {
  const blocks = pems.flatMap((text) => pemBlocks(text ?? "")).filter(({ label }) => label === "CERTIFICATE");
  const texts = blocks
    .filter(({ bytes }) => isValid(bytes, nowMs))
    .map(({ bytes }) => pem("CERTIFICATE", bytes));
  return [...new Set(texts)].join("");
}

function isValid(der: Buffer, nowMs: number): boolean {
  try {
    return new X509Certificate(der).validToDate.getTime() > nowMs;
  } catch {
    return false;
  }
}
