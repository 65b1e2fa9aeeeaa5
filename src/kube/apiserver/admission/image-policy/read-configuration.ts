import { resolve } from "node:path";
import { invalidArgument } from "../../../../base/index.ts";
import { goDurationText } from "../../../../formats/index.ts";
import { parseStrictYaml } from "../../../api/index.ts";
import { type KubeconfigTarget, readKubeconfigTarget } from "../../webhook/kubeconfig-target.ts";

/** Whom ImagePolicyWebhook asks, and how long its answers hold. */
export interface ImagePolicyOptions {
  target: KubeconfigTarget;
  allowTtlMs: number;
  denyTtlMs: number;
  retryBackoffMs: number;
  /** Whether images are let in of which it cannot be asked. */
  allowsByDefault: boolean;
}

interface Bounds {
  unitMs: number;
  minMs: number;
  maxMs: number;
  defaultMs: number;
}

const MINUTE_MS = 60_000;
const BACKOFF: Bounds = { unitMs: 1, minMs: 1e-6, maxMs: 5 * MINUTE_MS, defaultMs: 500 };
const ALLOW: Bounds = { unitMs: 1000, minMs: 1000, maxMs: 30 * MINUTE_MS, defaultMs: 5 * MINUTE_MS };
const DENY: Bounds = { ...ALLOW, defaultMs: 30_000 };
const DISABLED = -1;

/**
 * The configuration of ImagePolicyWebhook, which has no version. The kubeconfig that it names lies relative to `dir`.
 * Undefined: there is none, and there must be one. Throws InvalidArgument.
 */
export async function readImagePolicy(text: string | undefined, dir: string): Promise<ImagePolicyOptions> {
  if (text === undefined) throw invalidArgument("no config specified");
  const { imagePolicy } = fieldsOf(parseStrictYaml(Buffer.from(text)));
  const {
    kubeConfigFile = "",
    allowTTL,
    denyTTL,
    retryBackoff,
    defaultAllow = false,
  } = fieldsOf(imagePolicy);
  if (typeof kubeConfigFile !== "string" || typeof defaultAllow !== "boolean")
    throw invalidArgument("kubeConfigFile is a text, and defaultAllow a boolean");
  const retryBackoffMs = within(BACKOFF, retryBackoff);
  const allowTtlMs = within(ALLOW, allowTTL);
  const denyTtlMs = within(DENY, denyTTL);
  const target = await readKubeconfigTarget(resolve(dir, kubeConfigFile));
  return { target, allowTtlMs, denyTtlMs, retryBackoffMs, allowsByDefault: defaultAllow };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidArgument("the configuration is no object");
}

/** 0 and nothing are the default, -1 is none. */
function within({ unitMs, minMs, maxMs, defaultMs }: Bounds, value: unknown = 0): number {
  if (!Number.isSafeInteger(value)) throw invalidArgument(`${JSON.stringify(value)} is no whole number`);
  if (value === DISABLED) return 0;
  if (value === 0) return defaultMs;
  const ms = (value as number) * unitMs;
  if (ms >= minMs && ms <= maxMs) return ms;
  const shown = [minMs, maxMs, ms].map((one) => (one === BACKOFF.minMs ? "1ns" : goDurationText(one)));
  throw invalidArgument(`valid value is between ${shown[0]} and ${shown[1]}, got ${shown[2]}`);
}
