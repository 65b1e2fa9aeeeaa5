import { type Clock, isGantryError, rfc3339Nanos } from "../../base/index.ts";
import type { ContainerStats } from "../../engine/types.ts";
import { sendJson, writeChunk } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { flag } from "../wire/query.ts";
import type { ContainersBackend } from "./backend.ts";

const PERIOD_MS = 1_000;
const NEVER = "0001-01-01T00:00:00Z";

/** `GET /containers/{id}/stats`: every second, or once (then with a second sample to compare with, unless `one-shot`). */
export async function serveStats(
  backend: ContainersBackend,
  clock: Clock,
  context: ApiContext,
): Promise<void> {
  const { query, res, signal, apiMinor } = context;
  const container = await backend.inspectContainer(context.params.id!);
  const name = { id: container.Id, name: container.Name };
  let previous = apiMinor >= 41 && flag(query, "one-shot") ? undefined : await sample(backend, container.Id);
  if (!flag(query, "stream", true)) {
    if (previous) await clock.sleep(PERIOD_MS, signal);
    return sendJson(res, 200, toDockerStats(await sample(backend, container.Id), previous, name));
  }
  res.writeHead(200, { "content-type": "application/json" });
  res.flushHeaders();
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    if (!isFirst) await clock.sleep(PERIOD_MS, signal).catch(() => {});
    if (signal.aborted) break;
    const current = await sample(backend, container.Id).catch(gone);
    if (current === "gone") break;
    const line = `${JSON.stringify(toDockerStats(current, isFirst ? undefined : previous, name))}\n`;
    if (!(await writeChunk(res, line))) break;
    previous = current;
  }
  res.end();
}

function gone(error: unknown): "gone" {
  if (isGantryError(error, "NotFound")) return "gone";
  throw error;
}

/** Undefined for a container that does not run: it has no figures. */
async function sample(backend: ContainersBackend, id: string): Promise<ContainerStats | undefined> {
  const stats = await backend.containerStats(id);
  return backend.containerState(id)?.Running ? stats : undefined;
}

function toDockerStats(
  current: ContainerStats | undefined,
  previous: ContainerStats | undefined,
  name: { id: string; name: string },
): Record<string, unknown> {
  return {
    ...name,
    read: current ? rfc3339Nanos(current.readAtMs) : NEVER,
    preread: current && previous ? rfc3339Nanos(previous.readAtMs) : NEVER,
    pids_stats: current ? { current: current.pidsCurrent, limit: current.pidsLimit } : {},
    blkio_stats: blockStats(current),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(current),
    precpu_stats: cpuStats(current ? previous : undefined),
    memory_stats: current
      ? { usage: current.memoryUsageBytes, limit: current.memoryLimitBytes, stats: current.memoryStats }
      : {},
    ...(current ? { networks: networkStats(current) } : {}),
  };
}

function cpuStats(stats: ContainerStats | undefined): Record<string, unknown> {
  const throttling = { throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 } };
  if (!stats) {
    return { cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 }, ...throttling };
  }
  return {
    cpu_usage: {
      total_usage: stats.cpuUsageNs,
      usage_in_kernelmode: stats.cpuSystemNs,
      usage_in_usermode: stats.cpuUserNs,
    },
    system_cpu_usage: stats.hostCpuNs,
    online_cpus: stats.onlineCpus,
    ...throttling,
  };
}

function blockStats(stats: ContainerStats | undefined): Record<string, unknown> {
  const none = {
    io_serviced_recursive: null,
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  };
  if (!stats) return { io_service_bytes_recursive: null, ...none };
  const entry = (op: string, value: number) => ({ major: 0, minor: 0, op, value });
  return {
    io_service_bytes_recursive: [entry("read", stats.blockReadBytes), entry("write", stats.blockWriteBytes)],
    ...none,
  };
}

function networkStats(stats: ContainerStats): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(stats.networks).map(([name, counters]) => [
      name,
      {
        rx_bytes: counters.rxBytes,
        rx_packets: counters.rxPackets,
        rx_errors: counters.rxErrors,
        rx_dropped: counters.rxDropped,
        tx_bytes: counters.txBytes,
        tx_packets: counters.txPackets,
        tx_errors: counters.txErrors,
        tx_dropped: counters.txDropped,
      },
    ]),
  );
}
