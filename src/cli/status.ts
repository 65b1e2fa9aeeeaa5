import { GantryError } from "../base/index.ts";
import { parseArguments } from "./arguments.ts";
import { callControl, type PlatformStatus } from "./control-client.ts";
import { homeDirectory } from "./home.ts";
import { addressRows, runs } from "./summary.ts";

export const STATUS_USAGE = "gantry status [--home DIR] [--json]";

/** Tells how the platform on this home is; exit code 3 when none runs. */
export async function status(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, { home: { type: "string" }, json: { type: "boolean" } }, STATUS_USAGE);
  const home = homeDirectory(parsed.text("home"));
  const answer = await callControl<PlatformStatus>(home, "GET", "/status");
  if (!answer) {
    if (parsed.flag("json")) {
      process.stdout.write(`${JSON.stringify({ home, state: "stopped" })}\n`);
      return 3;
    }
    throw new GantryError("Unavailable", `no platform runs on ${home}`, {
      code: "Platform.NotRunning",
      hint: "start one with 'gantry up'",
    });
  }
  process.stdout.write(parsed.flag("json") ? `${JSON.stringify(answer, null, 2)}\n` : statusText(answer));
  return 0;
}

function statusText(status: PlatformStatus): string {
  const rows: [string, string][] = [
    ["State", status.state],
    ["Version", status.version],
    [
      "Process",
      `${status.pid}, up ${Math.round(status.uptimeSeconds)} s, ${Math.round(status.memoryBytes / 2 ** 20)} MiB`,
    ],
    ["Home", status.home],
    ...addressRows(status),
    ...(runs(status, "kubelet") ? [["Node", status.node] as [string, string]] : []),
    ["Containers", `${status.containers.running} running of ${status.containers.total}`],
  ];
  if (status.escapedErrors > 0)
    rows.push(["Faults", `${status.escapedErrors} errors that should not be, see the log`]);
  return rows.map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`).join("");
}
