import {
  byName,
  type ContainerSummary,
  containerName,
  jsonLines,
  listContainers,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { formatRows, type Row } from "./format-template.ts";
import { humanBytes, humanSize } from "./human.ts";
import { untilStopped } from "./signals.ts";
import { formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

const TEMPLATE =
  "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";
const HEADINGS = {
  ID: "CONTAINER ID",
  CPUPerc: "CPU %",
  MemUsage: "MEM USAGE / LIMIT",
  MemPerc: "MEM %",
  NetIO: "NET I/O",
  BlockIO: "BLOCK I/O",
};

export const stats: Verb = {
  summary: "Display a live stream of container(s) resource usage statistics",
  usage: ["[OPTIONS] [SERVICE]"],
  args: { max: 1 },
  flags: {
    all: { short: "a", type: "flag", help: "Show all containers (default shows just running)" },
    format: {
      type: "text",
      default: "table",
      help: "Format output: table, table TEMPLATE, json or TEMPLATE",
    },
    "no-stream": { type: "flag", help: "Disable streaming stats and only pull the first result" },
    "no-trunc": { type: "flag", help: "Do not truncate output" },
  },
  async run(call) {
    const { client, flags } = call;
    const containers = await listContainers(client, call.projectName(), {
      oneOff: "include",
      all: flags.flag("all"),
      services: call.args,
    });
    containers.sort(byName);
    return flags.flag("no-stream") ? once(call, containers) : follow(call, containers);
  },
};

interface Sample {
  cpu_stats: { cpu_usage: { total_usage: number }; system_cpu_usage?: number; online_cpus?: number };
  precpu_stats: { cpu_usage: { total_usage: number }; system_cpu_usage?: number };
  memory_stats: { usage?: number; limit?: number; stats?: Record<string, number> };
  networks?: Record<string, { rx_bytes: number; tx_bytes: number }>;
  blkio_stats?: { io_service_bytes_recursive?: { op: string; value: number }[] | null };
  pids_stats?: { current?: number };
}

async function once(call: ComposeCall, containers: readonly ContainerSummary[]): Promise<number> {
  const rows = await Promise.all(
    containers.map(async (container) => {
      const sample = await call.client.get<Sample>(`/containers/${container.Id}/stats`, { stream: "false" });
      return rowOf(call, container, sample);
    }),
  );
  call.terminal.print(draw(call, rows));
  return 0;
}

async function follow(call: ComposeCall, containers: readonly ContainerSummary[]): Promise<number> {
  const signal = untilStopped();
  const rows = new Map<string, Row>();
  const show = () => {
    const clear = call.terminal.isTerminal("stdout") ? "\x1b[H\x1b[J" : "";
    call.terminal.print(`${clear}${draw(call, [...rows.values()])}`);
  };
  const cancel = call.context().clock.every(500, show);
  try {
    await Promise.all(
      containers.map(async (container) => {
        const stream = await call.client.stream("GET", `/containers/${container.Id}/stats`, { signal });
        for await (const sample of jsonLines<Sample>(stream))
          rows.set(container.Id, rowOf(call, container, sample));
        rows.delete(container.Id);
      }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    cancel();
  }
  return 0;
}

function draw(call: ComposeCall, rows: readonly Row[]): string {
  return formatRows(call.flags.text("format"), rows, { headings: HEADINGS, default: TEMPLATE }, formatTable);
}

/** As `docker stats` reckons (docker/cli, stats_helpers.go). */
function rowOf(call: ComposeCall, container: ContainerSummary, sample: Sample): Row {
  const { cpu_stats: cpu, precpu_stats: before, memory_stats: memory } = sample;
  const used = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const system = (cpu.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const percent = system > 0 && used > 0 ? (used / system) * (cpu.online_cpus ?? 1) * 100 : 0;
  const inactive = memory.stats?.inactive_file ?? memory.stats?.total_inactive_file ?? 0;
  const usage = Math.max(0, (memory.usage ?? 0) - inactive);
  const limit = memory.limit ?? 0;
  const networks = Object.values(sample.networks ?? {});
  const blocks = sample.blkio_stats?.io_service_bytes_recursive ?? [];
  const sum = (op: string) =>
    blocks.filter((one) => one.op.toLowerCase() === op).reduce((total, one) => total + one.value, 0);
  const id = call.flags.flag("no-trunc") ? container.Id : container.Id.slice(0, 12);
  return {
    BlockIO: `${humanSize(sum("read"))} / ${humanSize(sum("write"))}`,
    CPUPerc: `${percent.toFixed(2)}%`,
    Container: id,
    ID: id,
    MemPerc: `${(limit > 0 ? (usage / limit) * 100 : 0).toFixed(2)}%`,
    MemUsage: `${humanBytes(usage)} / ${humanBytes(limit)}`,
    Name: containerName(container),
    NetIO: `${humanSize(networks.reduce((total, one) => total + one.rx_bytes, 0))} / ${humanSize(networks.reduce((total, one) => total + one.tx_bytes, 0))}`,
    PIDs: String(sample.pids_stats?.current ?? 0),
  };
}
