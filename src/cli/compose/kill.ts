import { killProject } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const kill: Verb = {
  summary: "Force stop service containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    "remove-orphans": {
      type: "flag",
      help: "Remove containers for services not defined in the Compose file",
    },
    signal: { short: "s", type: "text", default: "SIGKILL", help: "SIGNAL to send to the container" },
  },
  async run(call) {
    await call.withEngine("Killing", async (context) => {
      const project = await call.projectHere(context, call.args);
      const killed = await killProject(context, project, {
        services: call.args,
        signal: call.flags.text("signal"),
        removeOrphans: call.flags.flag("remove-orphans"),
      });
      if (!killed) call.terminal.info("no container to kill");
    });
    return 0;
  },
};
