import { type ContainerSummary, filters, LABEL } from "../../compose/index.ts";
import { usage } from "./flags.ts";
import { COMPOSE_WIDTH, formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

export const ls: Verb = {
  summary: "List running compose projects",
  usage: ["[OPTIONS]"],
  args: { max: 0 },
  flags: {
    all: { short: "a", type: "flag", help: "Show all stopped Compose projects" },
    filter: { type: "list", value: "filter", help: "Filter output based on conditions provided" },
    format: { type: "text", default: "table", help: "Format the output. Values: [table | json]" },
    quiet: { short: "q", type: "flag", help: "Only display project names" },
  },
  async run({ client, flags, terminal, warn }) {
    const containers = await client.get<ContainerSummary[]>("/containers/json", {
      all: flags.flag("all") ? 1 : undefined,
      filters: filters({ label: [LABEL.project, LABEL.configHash] }),
    });
    const names = namesOf(flags.list("filter"));
    const projects = [...groupByProject(containers)]
      .map(([name, own]) => ({ Name: name, Status: statusOf(own), ConfigFiles: configFilesOf(own, warn) }))
      .filter(({ Name: name }) => names.every((wanted) => name.includes(wanted)))
      .sort((a, b) => (a.Name < b.Name ? -1 : 1));
    if (flags.flag("quiet")) terminal.print(projects.map(({ Name: name }) => `${name}\n`).join(""));
    else if (flags.text("format") === "json") terminal.print(`${JSON.stringify(projects)}\n`);
    else {
      const rows = projects.map((project) => [project.Name, project.Status, project.ConfigFiles]);
      terminal.print(formatTable(["NAME", "STATUS", "CONFIG FILES"], rows, COMPOSE_WIDTH));
    }
    return 0;
  },
};

function namesOf(wanted: readonly string[]): string[] {
  return wanted.map((filter) => {
    const [key = "", value] = filter.split("=");
    if (key === "name" && value !== undefined) return value;
    throw usage(`invalid filter '${key}'`);
  });
}

function groupByProject(containers: readonly ContainerSummary[]): Map<string, ContainerSummary[]> {
  const projects = new Map<string, ContainerSummary[]>();
  for (const container of containers) {
    const name = container.Labels[LABEL.project] ?? "";
    projects.set(name, [...(projects.get(name) ?? []), container]);
  }
  return projects;
}

/** `exited(1), running(2)`. */
function statusOf(containers: readonly ContainerSummary[]): string {
  const counts = new Map<string, number>();
  for (const { State: state } of containers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, count]) => `${state}(${count})`)
    .join(", ");
}

function configFilesOf(containers: readonly ContainerSummary[], warn: (message: string) => void): string {
  const files = new Set<string>();
  for (const { Id: id, Labels: labels } of containers) {
    const named = labels[LABEL.configFiles];
    if (named === undefined) {
      warn(
        `no label ${JSON.stringify(LABEL.configFiles)} set on container ${JSON.stringify(id)} of compose project`,
      );
      return "N/A";
    }
    for (const file of named.split(",")) files.add(file);
  }
  return [...files].join(",");
}
