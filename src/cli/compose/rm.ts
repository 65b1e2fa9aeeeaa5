import {
  byName,
  containerName,
  removeContainers,
  stopProject,
  stoppedContainers,
} from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

export const rm: Verb = {
  summary: "Removes stopped service containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  details: `By default, anonymous volumes attached to containers will not be removed. You
can override this with -v. To list all volumes, use "docker volume ls".

Any data which is not in a volume will be lost.`,
  flags: {
    force: { short: "f", type: "flag", help: "Don't ask to confirm removal" },
    stop: { short: "s", type: "flag", help: "Stop the containers, if required, before removing" },
    volumes: { short: "v", type: "flag", help: "Remove any anonymous volumes attached to containers" },
  },
  async run(call) {
    const { flags, args } = call;
    const { name, project } = call.projectOrName(args);
    if (flags.flag("stop")) {
      await call.withEngine("Stopping", async (context) =>
        stopProject(context, project ?? (await call.projectHere(context)), { services: args }),
      );
    }
    const found = await stoppedContainers(call.context(), name, {
      services: args,
      ...(project ? { known: Object.keys(project.services) } : {}),
    });
    if (found.length === 0) {
      call.terminal.info("No stopped containers\n");
      return 0;
    }
    found.sort(byName);
    const question = `Going to remove ${found.map(containerName).join(", ")}`;
    if (flags.flag("force")) call.terminal.print(`${question}\n`);
    else if (!(await call.confirm(question))) return 0;
    await call.withEngine("Removing", (context) =>
      removeContainers(context, found, { volumes: flags.flag("volumes"), force: flags.flag("force") }),
    );
    return 0;
  },
};
