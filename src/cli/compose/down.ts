import { down as takeDown } from "../../compose/index.ts";
import { isTrue } from "./create-flags.ts";
import { usage } from "./flags.ts";
import { isOnCluster } from "./on-cluster.ts";
import type { Verb } from "./verb.ts";

export const down: Verb = {
  summary: "Stop and remove containers, networks",
  usage: ["[OPTIONS] [SERVICES]"],
  flags: {
    on: { type: "text", default: "engine", help: 'Where the project runs ("engine"|"cluster")' },
    "remove-orphans": {
      type: "flag",
      help: "Remove containers for services not defined in the Compose file",
    },
    rmi: {
      type: "text",
      help: 'Remove images used by services. "local" remove only images that don\'t have a custom tag ("local"|"all")',
    },
    timeout: { short: "t", type: "number", help: "Specify a shutdown timeout in seconds" },
    volumes: {
      short: "v",
      type: "flag",
      help: 'Remove named volumes declared in the "volumes" section of the Compose file and anonymous volumes attached to containers',
    },
  },
  async run(call) {
    const { flags, args } = call;
    const images = flags.text("rmi");
    if (images !== "" && images !== "all" && images !== "local") {
      throw usage(`invalid value for --rmi: ${JSON.stringify(images)}`);
    }
    const { name, project } = call.projectOrName();
    if (isOnCluster(call)) {
      const { downOnCluster } = await import("./cluster-up.ts");
      return downOnCluster(call, name, flags.flag("volumes"));
    }
    await call.withEngine("Running", (context) =>
      takeDown(context, name, {
        ...(project ? { project } : {}),
        services: args,
        removeOrphans: flags.has("remove-orphans")
          ? flags.flag("remove-orphans")
          : isTrue(process.env.COMPOSE_REMOVE_ORPHANS),
        ...(flags.has("timeout") ? { timeoutSeconds: flags.number("timeout") } : {}),
        volumes: flags.flag("volumes"),
        ...(images === "" ? {} : { images }),
      }),
    );
    return 0;
  },
};
