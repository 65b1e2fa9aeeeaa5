import { down, waitForExit } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const wait: Verb = {
  summary: "Block until containers of all (or specified) services stop.",
  usage: ["SERVICE [SERVICE...] [OPTIONS]"],
  args: { min: 1 },
  flags: { "down-project": { type: "flag", help: "Drops project when the first container stops" } },
  async run(call) {
    const { name, project } = call.projectOrName();
    const context = call.context();
    const code = await waitForExit(context, name, {
      services: call.args,
      onExit: (id, status) =>
        call.terminal.print(`container ${JSON.stringify(id)} exited with status code ${status}\n`),
    });
    if (call.flags.flag("down-project")) {
      await call.withEngine("Running", (shown) =>
        down(shown, name, { ...(project ? { project } : {}), removeOrphans: true }),
      );
    }
    return code;
  },
};
