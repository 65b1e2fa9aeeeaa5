/**
 * Named places where a test makes the program fail. Armed by code in tests, or by `GANTRY_FAILPOINTS` at start:
 * `name=kill` (SIGKILL to itself), `name=throw`; several are separated by commas, `name=kill@3` acts at the third pass.
 */
type Action = "kill" | "throw" | (() => void);

const armed = new Map<string, { action: Action; countdown: number }>();

for (const entry of (process.env.GANTRY_FAILPOINTS ?? "").split(",").filter(Boolean)) {
  const match = /^([\w./-]+)=(kill|throw)(?:@(\d+))?$/.exec(entry);
  if (match) armFailpoint(match[1]!, match[2] as "kill" | "throw", Number(match[3] ?? 1));
}

/** Arms `name`: from its `atPass`-th pass on, `action` happens. Returns the way to disarm it. */
export function armFailpoint(name: string, action: Action, atPass = 1): () => void {
  armed.set(name, { action, countdown: atPass });
  return () => armed.delete(name);
}

/** Marks a place that a test can make fail. Costs one map look-up when nothing is armed. */
export function failpoint(name: string): void {
  if (armed.size === 0) return;
  const point = armed.get(name);
  if (!point || --point.countdown > 0) return;
  if (point.action === "kill") process.kill(process.pid, "SIGKILL");
  else if (point.action === "throw") throw new Error(`failpoint ${name}`);
  else point.action();
}
