import type { Finding } from "../../cli/index.ts";
import { runChecks } from "./check.ts";
import { homeChecks } from "./home-checks.ts";
import { instanceChecks } from "./instance-checks.ts";
import { machineChecks } from "./machine-checks.ts";
import { networkChecks } from "./network-checks.ts";

/** Whether the machine can run the platform, and how one that runs on this home is. Leaves nothing behind. */
export async function examinePlatform(home: string): Promise<Finding[]> {
  return runChecks([
    ...machineChecks,
    ...homeChecks(home),
    ...networkChecks,
    ...(await instanceChecks(home)),
  ]);
}
