import { createProject, startProject, withSelectedServices } from "../../compose/index.ts";
import { createOptions, setScale } from "./create-flags.ts";
import { usage } from "./flags.ts";
import type { Verb } from "./verb.ts";

export const scale: Verb = {
  summary: "Scale services",
  usage: ["[SERVICE=REPLICAS...]"],
  args: { min: 1 },
  flags: { "no-deps": { type: "flag", help: "Don't start linked services" } },
  async run(call) {
    const services = call.args.map((one) => {
      if (!one.includes("=")) throw usage(`invalid scale specifier: ${one}`);
      return one.split("=")[0]!;
    });
    let project = call.runnable(services);
    for (const one of call.args) setScale(project, one);
    if (call.flags.flag("no-deps")) project = withSelectedServices(project, services, "nothing");
    await call.withEngine("Running", async (context) => {
      await createProject(context, project, createOptions(call, project, services));
      await startProject(context, project);
    });
    return 0;
  },
};
