import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { findContainer } from "../../compose/index.ts";
import { usage } from "./flags.ts";
import type { Verb } from "./verb.ts";

export const exportContainer: Verb = {
  summary: "Export a service container's filesystem as a tar archive",
  usage: ["[OPTIONS] SERVICE"],
  args: { min: 1, max: 1 },
  flags: {
    index: { type: "number", help: "index of the container if service has multiple replicas." },
    output: { short: "o", type: "text", help: "Write to a file, instead of STDOUT" },
  },
  async run(call) {
    const { client, flags, terminal } = call;
    const file = flags.text("output");
    if (file === "" && terminal.isTerminal("stdout")) {
      throw usage("output option is required when exporting to terminal");
    }
    const index = flags.number("index") ?? 0;
    const query = { oneOff: "include", all: true } as const;
    const { Id: id } = await findContainer(client, call.projectName(), call.args[0]!, index, query);
    const stream = await client.stream("GET", `/containers/${id}/export`);
    if (file === "") await pipeline(stream, process.stdout, { end: false });
    else await pipeline(stream, createWriteStream(file));
    return 0;
  },
};
