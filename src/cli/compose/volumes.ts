import { filters, LABEL, listContainers, type VolumeSummary } from "../../compose/index.ts";
import { usage } from "./flags.ts";
import { formatRows } from "./format-template.ts";
import { formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

export const volumes: Verb = {
  summary: "List volumes",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    format: {
      type: "text",
      default: "table",
      help: "Format output: table, table TEMPLATE, json or TEMPLATE",
    },
    quiet: { short: "q", type: "flag", help: "Only display volume names" },
  },
  async run(call) {
    const { client, flags, args, terminal } = call;
    const { name, project } = call.projectOrName(args);
    const missing = project && args.find((service) => !(service in project.services));
    if (missing !== undefined) throw usage(`no such service: ${missing}`);
    const { Volumes: found } = await client.get<{ Volumes: VolumeSummary[] | null }>("/volumes", {
      filters: filters({ label: [`${LABEL.project}=${name}`] }),
    });
    let list = found ?? [];
    if (args.length > 0) {
      const containers = await listContainers(client, name, { oneOff: "include", all: true, services: args });
      const used = new Set(
        containers.flatMap(({ Mounts: mounts }) => (mounts ?? []).map((mount) => mount.Name)),
      );
      list = list.filter((volume) => used.has(volume.Name));
    }
    if (flags.flag("quiet")) terminal.print(list.map((volume) => `${volume.Name}\n`).join(""));
    else {
      const rows = list.map((volume) => ({
        Driver: volume.Driver,
        Labels: Object.entries(volume.Labels ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(","),
        Mountpoint: volume.Mountpoint ?? "",
        Name: volume.Name,
        Scope: volume.Scope ?? "",
      }));
      const table = { headings: { Name: "VOLUME NAME" }, default: "{{.Driver}}\t{{.Name}}" };
      terminal.print(formatRows(flags.text("format"), rows, table, formatTable));
    }
    return 0;
  },
};
