import { restartProject } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const restart: Verb = {
  summary: "Restart service containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    "no-deps": { type: "flag", help: "Don't restart dependent services" },
    timeout: { short: "t", type: "number", help: "Specify a shutdown timeout in seconds" },
  },
  async run(call) {
    const { flags } = call;
    await call.withEngine("Restarting", async (context) => {
      // All of it: who needs a service may be restarted with it.
      const project = await call.projectHere(context);
      await restartProject(context, project, {
        services: call.args,
        noDeps: flags.flag("no-deps"),
        ...(flags.has("timeout") ? { timeoutSeconds: flags.number("timeout") } : {}),
      });
    });
    return 0;
  },
};
