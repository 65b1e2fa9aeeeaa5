import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { timestampToMs } from "../logs/timestamps.ts";
import type { HealthLogEntry } from "../types.ts";
import { runProbe } from "./health-probe.ts";

const MAX_LOG_ENTRIES = 5;
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_START_INTERVAL_MS = 5000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;
const NS_PER_MS = 1e6;

interface Schedule {
  command: string[];
  intervalMs: number;
  startIntervalMs: number;
  startPeriodMs: number;
  timeoutMs: number;
  retries: number;
}

/** The probe's command and times, or undefined when the container has no health check. */
export function healthSchedule(container: Container): Schedule | undefined {
  const { Healthcheck: check, Shell } = container.record.config;
  const [kind, ...rest] = check?.Test ?? [];
  if (kind !== "CMD" && kind !== "CMD-SHELL") return undefined;
  const shell = Shell?.length ? Shell : ["/bin/sh", "-c"];
  return {
    command: kind === "CMD" ? rest : [...shell, ...rest],
    intervalMs: (check?.Interval ?? 0) / NS_PER_MS || DEFAULT_INTERVAL_MS,
    startIntervalMs: (check?.StartInterval ?? 0) / NS_PER_MS || DEFAULT_START_INTERVAL_MS,
    startPeriodMs: (check?.StartPeriod ?? 0) / NS_PER_MS,
    timeoutMs: (check?.Timeout ?? 0) / NS_PER_MS || DEFAULT_TIMEOUT_MS,
    retries: check?.Retries || DEFAULT_RETRIES,
  };
}

/** Begins to probe a container that has just been started (or is found running, or goes on after a pause). */
export function startHealthChecks(context: EngineContext, container: Container): void {
  container.stopHealthChecks();
  const schedule = healthSchedule(container);
  if (!schedule) return;
  container.record.state.Health = {
    Status: "starting",
    FailingStreak: 0,
    Log: container.record.state.Health?.Log ?? [],
  };
  const controller = new AbortController();
  let cancelTimer = () => {};
  container.stopHealthChecks = () => {
    controller.abort();
    cancelTimer();
    container.stopHealthChecks = () => {};
  };
  const plan = () => {
    if (controller.signal.aborted) return;
    cancelTimer = context.clock.after(delayMs(context, container, schedule), () => void probe());
  };
  const probe = async () => {
    const entry = await runProbe(context, container, schedule, controller.signal);
    if (controller.signal.aborted) return;
    record(context, container, schedule, entry);
    plan();
  };
  plan();
}

function sinceStartMs(context: EngineContext, container: Container): number {
  return context.clock.nowMs() - (timestampToMs(container.record.state.StartedAt) ?? 0);
}

/** Within the start period, until the first success, probes come more often; its end is not slept through. */
function delayMs(context: EngineContext, container: Container, schedule: Schedule): number {
  const leftMs = schedule.startPeriodMs - sinceStartMs(context, container);
  if (leftMs <= 0) return schedule.intervalMs;
  const isStarting = container.record.state.Health?.Status === "starting";
  if (isStarting && schedule.startIntervalMs < leftMs) return schedule.startIntervalMs;
  return Math.min(leftMs, schedule.intervalMs);
}

function record(
  context: EngineContext,
  container: Container,
  schedule: Schedule,
  entry: HealthLogEntry,
): void {
  const health = container.record.state.Health;
  if (!health) return;
  const before = health.Status;
  health.Log = [...health.Log, entry].slice(-MAX_LOG_ENTRIES);
  if (entry.ExitCode === 0) {
    health.FailingStreak = 0;
    health.Status = "healthy";
  } else if (before !== "starting" || sinceStartMs(context, container) >= schedule.startPeriodMs) {
    health.FailingStreak++;
    if (health.FailingStreak >= schedule.retries) health.Status = "unhealthy";
  }
  if (health.Status !== before) emitContainerEvent(context, container, `health_status: ${health.Status}`);
}
