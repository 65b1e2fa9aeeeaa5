import {
  all,
  type ContainerInspect,
  type ContainerSummary,
  containerName,
  LABEL,
  listContainers,
  ofServices,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { usage } from "./flags.ts";
import { formatRows, type Row } from "./format-template.ts";
import { displayPorts, humanDuration, humanSize } from "./human.ts";
import { formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

const TEMPLATE =
  "{{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}";
const HEADINGS = {
  ID: "CONTAINER ID",
  RunningFor: "CREATED",
  CreatedAt: "CREATED AT",
  LocalVolumes: "LOCAL VOLUMES",
};
const COMMAND_LENGTH = 20;

export const ps: Verb = {
  summary: "List containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    all: {
      short: "a",
      type: "flag",
      help: "Show all stopped containers (including those created by the run command)",
    },
    filter: { type: "text", help: "Filter services by a property (supported filters: status)" },
    format: {
      type: "text",
      default: "table",
      help: "Format output: table, table TEMPLATE, json or TEMPLATE",
    },
    "no-trunc": { type: "flag", help: "Don't truncate output" },
    orphans: { type: "flag", default: true, help: "Include orphaned services (not declared by project)" },
    quiet: { short: "q", type: "flag", help: "Only display IDs" },
    services: { type: "flag", help: "Display services" },
    status: {
      type: "list",
      help: "Filter services by status. Values: [paused | restarting | removing | running | dead | created | exited]",
    },
  },
  async run(call) {
    const { flags, terminal } = call;
    const statuses = wantedStatuses(call);
    const containers = await select(call, statuses);
    if (flags.flag("quiet")) terminal.print(containers.map(({ Id: id }) => `${id}\n`).join(""));
    else if (flags.flag("services")) {
      const services = new Set(containers.map(({ Labels: labels }) => labels[LABEL.service] ?? ""));
      terminal.print(`${[...services].join("\n")}\n`);
    } else {
      const rows = await all(containers.map((container) => rowOf(call, container)));
      const table = { headings: HEADINGS, default: TEMPLATE };
      terminal.print(formatRows(flags.text("format"), rows, table, formatTable));
    }
    return 0;
  },
};

function wantedStatuses(call: ComposeCall): string[] {
  const statuses = call.flags.list("status");
  const filter = call.flags.text("filter");
  if (filter === "") return statuses;
  const [key, value] = filter.split("=");
  if (key !== "status" || value === undefined) throw usage(`unknown filter ${JSON.stringify(key)}`);
  return [...statuses, value];
}

async function select(call: ComposeCall, statuses: readonly string[]): Promise<ContainerSummary[]> {
  const { name, project } = call.projectOrName(call.args);
  let services: readonly string[] = call.args;
  if (project) {
    const missing = services.find((service) => !(service in project.services));
    if (missing !== undefined) throw usage(`no such service: ${missing}`);
    if (services.length === 0 && !call.flags.flag("orphans")) services = Object.keys(project.services);
  }
  const isAll = call.flags.flag("all");
  const found = await listContainers(call.client, name, {
    oneOff: isAll ? "include" : "exclude",
    all: isAll || statuses.length > 0,
    services,
  });
  return found
    .filter((container) => services.length === 0 || ofServices(services)(container))
    .filter(({ State: state }) => statuses.length === 0 || statuses.includes(state))
    .sort((a, b) => (containerName(a) < containerName(b) ? -1 : 1));
}

async function rowOf(call: ComposeCall, container: ContainerSummary): Promise<Row> {
  const { State: state } = await call.client.get<ContainerInspect>(`/containers/${container.Id}/json`);
  const isShort = !call.flags.flag("no-trunc");
  const labels = container.Labels;
  const mounts = (container.Mounts ?? []).map((mount) => mount.Name || mount.Source);
  const ports = container.Ports ?? [];
  const command = isShort ? ellipsis(container.Command, COMMAND_LENGTH) : container.Command;
  const seconds = call.context().clock.nowMs() / 1000 - container.Created;
  return {
    Command: JSON.stringify(command),
    CreatedAt: createdAt(container.Created),
    ExitCode: state.Status === "exited" || state.Status === "dead" ? state.ExitCode : 0,
    Health: state.Status === "running" ? (state.Health?.Status ?? "") : "",
    ID: isShort ? container.Id.slice(0, 12) : container.Id,
    Image: container.Image,
    Label: (name: string) => labels[name] ?? "",
    Labels: Object.entries(labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(","),
    LocalVolumes: String((container.Mounts ?? []).filter(({ Driver: driver }) => driver === "local").length),
    Mounts: mounts.map((mount) => (isShort ? ellipsis(mount, 15) : mount)).join(","),
    Name: containerName(container),
    Names: containerName(container),
    Networks: Object.keys(container.NetworkSettings?.Networks ?? {}).join(","),
    Ports: displayPorts(ports),
    Project: labels[LABEL.project] ?? "",
    Publishers: ports
      .map((port) => ({
        URL: port.IP ?? "",
        TargetPort: port.PrivatePort,
        PublishedPort: port.PublicPort ?? 0,
        Protocol: port.Type,
      }))
      .sort((a, b) => a.TargetPort - b.TargetPort),
    RunningFor: `${humanDuration(seconds)} ago`,
    Service: labels[LABEL.service] ?? "",
    Size: humanSize(container.SizeRw ?? 0),
    State: container.State,
    Status: container.Status,
  };
}

const ellipsis = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** `2026-05-01 10:00:00 +0000 UTC`. */
const createdAt = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
