import { notFound } from "../../base/index.ts";
import { listContainers, projectOfContainers, startProject } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const start: Verb = {
  summary: "Start services",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    wait: { type: "flag", help: "Wait for services to be running|healthy. Implies detached mode." },
    "wait-timeout": {
      type: "number",
      help: "Maximum duration in seconds to wait for the project to be running|healthy",
    },
  },
  async run(call) {
    const { name, project } = call.projectOrName(call.args);
    await call.withEngine("Running", async (context) => {
      const containers = await listContainers(context.client, name, { oneOff: "exclude", all: true });
      if (!project && containers.length === 0) {
        throw notFound(`no container found for project ${JSON.stringify(name)}: not found`);
      }
      await startProject(context, project ?? projectOfContainers(containers, name, call.args), {
        wait: call.flags.flag("wait"),
        waitTimeoutSeconds: call.flags.number("wait-timeout"),
      });
    });
    return 0;
  },
};
