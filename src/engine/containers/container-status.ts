import { humanDuration, NEVER, timestampToMs } from "../logs/timestamps.ts";
import type { Container } from "./container.ts";

/** The words of `docker ps`: `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`. */
export function statusText(container: Container, nowMs: number): string {
  const { state, removing } = container.record;
  const since = (time: string) => humanDuration(Math.max(0, nowMs - (timestampToMs(time) ?? nowMs)));
  if (state.Running) {
    if (state.Paused) return `Up ${since(state.StartedAt)} (Paused)`;
    if (state.Restarting) return `Restarting (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
    return `Up ${since(state.StartedAt)}${healthText(container)}`;
  }
  if (removing) return "Removal In Progress";
  if (state.Dead) return "Dead";
  if (state.StartedAt === NEVER) return "Created";
  return `Exited (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
}

function healthText(container: Container): string {
  const status = container.record.state.Health?.Status;
  if (!status || status === "none") return "";
  return status === "starting" ? " (health: starting)" : ` (${status})`;
}

/** Command line as `docker ps` shows it: arguments with a space in quotes. */
export function commandText(container: Container): string {
  const { path, args } = container.record;
  return [path, ...args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg))].join(" ");
}
