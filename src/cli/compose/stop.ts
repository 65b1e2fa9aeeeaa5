import { stopProject } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const stop: Verb = {
  summary: "Stop services",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: { timeout: { short: "t", type: "number", help: "Specify a shutdown timeout in seconds" } },
  async run(call) {
    const { flags } = call;
    await call.withEngine("Stopping", async (context) => {
      const project = await call.projectHere(context, call.args);
      await stopProject(context, project, {
        services: call.args,
        ...(flags.has("timeout") ? { timeoutSeconds: flags.number("timeout") } : {}),
      });
    });
    return 0;
  },
};
