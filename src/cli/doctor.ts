import { parseArguments } from "./arguments.ts";
import { homeDirectory } from "./home.ts";

export const DOCTOR_USAGE = "gantry doctor [--home DIR] [--json]";

/** What was looked at, and how it is. */
export interface Finding {
  /** `cgroups`, `port 6443` */
  name: string;
  /** `warning`: it works, but not all of it or not for long. `failure`: it does not. */
  state: "ok" | "warning" | "failure";
  /** One sentence on what is so. */
  text: string;
  /** What mends it. */
  hint?: string;
}

/** What `doctor` needs of the composition root: looks at the machine and at what runs on this home. */
export type PlatformDoctor = (home: string) => Promise<Finding[]>;

const MARKS: Record<Finding["state"], string> = { ok: "ok  ", warning: "warn", failure: "FAIL" };

/** Tells whether this machine can run the platform, and how one that runs on this home is; exit code 1 where something fails. */
export async function doctor(args: readonly string[], examine: PlatformDoctor): Promise<number> {
  const parsed = parseArguments(args, { home: { type: "string" }, json: { type: "boolean" } }, DOCTOR_USAGE);
  const findings = await examine(homeDirectory(parsed.text("home")));
  process.stdout.write(
    parsed.flag("json") ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(lineOf).join(""),
  );
  return findings.some(({ state }) => state === "failure") ? 1 : 0;
}

function lineOf({ name, state, text, hint }: Finding): string {
  const line = `${MARKS[state]}  ${name.padEnd(16)}  ${text}\n`;
  return hint === undefined ? line : `${line}${" ".repeat(24)}${hint}\n`;
}
