import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoCode, systemClock } from "../../base/index.ts";
import { callControl, type PlatformStatus } from "../../cli/index.ts";
import { readConfig } from "../config.ts";
import { homeLayout } from "../home.ts";
import { type Check, failure, type Outcome, ok, warning } from "./check.ts";
import { portCheck } from "./network-checks.ts";

const API_PORT = 6443;
const REGISTRY_PORT = 5000;
const DAY_MS = 24 * 3600 * 1000;
/** A server renews its certificates at a start so long before they end. */
const RENEWED_DAYS = 60;

/** What runs on this home, or what would be in its way. */
export async function instanceChecks(home: string): Promise<Check[]> {
  const status = await callControl<PlatformStatus>(home, "GET", "/status");
  const certificates: Check = {
    name: "certificates",
    look: () => judgeCertificates(certificatesIn(homeLayout(home).pki), systemClock.nowMs()),
  };
  if (status) return [{ name: "platform", look: () => judgeStatus(status) }, certificates];
  const config = readConfig(home);
  return [
    { name: "platform", look: () => ok(`none runs on ${home}`) },
    portCheck(config?.apiPort ?? API_PORT, "--api-port"),
    portCheck(config?.registryPort ?? REGISTRY_PORT, "--registry-port"),
    ...(config ? [certificates] : []),
  ];
}

export function judgeStatus(
  status: Pick<PlatformStatus, "state" | "pid" | "services" | "escapedErrors">,
): Outcome[] {
  const waiting = status.services
    .filter(({ readyAfterMs }) => readyAfterMs === undefined)
    .map(({ name }) => name);
  const state =
    status.state === "ready"
      ? ok(`ready (process ${status.pid})`)
      : warning(
          `${status.state}${waiting.length > 0 ? `, waits for ${waiting.join(", ")}` : ""}`,
          "see its log",
        );
  if (status.escapedErrors === 0) return [state];
  return [
    state,
    warning(`${status.escapedErrors} errors that should not be`, "see its log, and tell the project"),
  ];
}

interface NamedCertificate {
  name: string;
  validToMs: number;
}

function certificatesIn(dir: string): NamedCertificate[] {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith(".crt"));
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return [];
    throw error;
  }
  return names.map((name) => ({
    name,
    validToMs: Date.parse(new X509Certificate(readFileSync(join(dir, name))).validTo),
  }));
}

export function judgeCertificates(certificates: readonly NamedCertificate[], nowMs: number): Outcome {
  if (certificates.length === 0) return ok("none yet");
  const first = certificates.reduce((one, other) => (other.validToMs < one.validToMs ? other : one));
  const days = Math.floor((first.validToMs - nowMs) / DAY_MS);
  if (days < 0)
    return failure(`${first.name} has ended`, "start the platform anew: certificates are renewed then");
  if (days < RENEWED_DAYS)
    return warning(
      `${first.name} ends in ${days} days`,
      "start the platform anew: certificates are renewed then",
    );
  return ok(`valid for ${days} days at least`);
}
