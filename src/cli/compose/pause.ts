import { pauseProject } from "../../compose/index.ts";
import type { Verb } from "./verb.ts";

const verb = (summary: string, title: string, paused: boolean): Verb => ({
  summary,
  usage: ["[SERVICE...]"],
  async run(call) {
    const { name } = call.projectOrName(call.args);
    await call.withEngine(title, (context) => pauseProject(context, name, { services: call.args, paused }));
    return 0;
  },
});

export const pause = verb("Pause services", "Pausing", true);
export const unpause = verb("Unpause services", "Unpausing", false);
