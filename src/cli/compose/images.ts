import { all, containerName, inspectImage, listContainers } from "../../compose/index.ts";
import { familiarName, tryParseImageReference } from "../../formats/index.ts";
import { humanDuration, humanSize } from "./human.ts";
import { COMPOSE_WIDTH, formatTable } from "./table.ts";
import type { Verb } from "./verb.ts";

export const images: Verb = {
  summary: "List images used by the created containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    format: { type: "text", default: "table", help: "Format the output. Values: [table | json]" },
    quiet: { short: "q", type: "flag", help: "Only display IDs" },
  },
  async run(call) {
    const { flags, terminal } = call;
    const context = call.context();
    const containers = await listContainers(call.client, call.projectName(), {
      oneOff: "include",
      all: true,
      services: call.args,
    });
    const rows = await all(
      containers.map(async (container) => {
        const image = await inspectImage(context, container.ImageID || container.Image);
        const reference = tryParseImageReference(container.Image);
        const tagged = image?.Metadata?.LastTagTime ?? "";
        return {
          ID: image?.Id ?? "",
          ContainerName: containerName(container),
          Repository: reference ? familiarName(reference) : "",
          Tag: reference ? (reference.tag ?? (reference.digest ? "" : "latest")) : "",
          Platform: image ? [image.Os, image.Architecture, image.Variant].filter(Boolean).join("/") : "",
          Size: image?.Size ?? 0,
          LastTagTime: tagged.startsWith("0001") || tagged === "" ? (image?.Created ?? "") : tagged,
        };
      }),
    );
    rows.sort((a, b) => (a.ContainerName < b.ContainerName ? -1 : 1));
    if (flags.flag("quiet")) {
      const ids = new Set(rows.map(({ ID: id }) => id.replace(/^sha256:/, "")));
      terminal.print([...ids].map((id) => `${id}\n`).join(""));
    } else if (flags.text("format") === "json") terminal.print(`${JSON.stringify(rows)}\n`);
    else {
      const now = context.clock.nowMs();
      const headings = ["CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"];
      const cells = rows.map((row) => [
        row.ContainerName,
        row.Repository || "<none>",
        row.Tag || "<none>",
        row.Platform,
        row.ID.replace(/^sha256:/, "").slice(0, 12),
        humanSize(row.Size),
        `${humanDuration((now - Date.parse(row.LastTagTime)) / 1000)} ago`,
      ]);
      terminal.print(formatTable(headings, cells, COMPOSE_WIDTH));
    }
    return 0;
  },
};
