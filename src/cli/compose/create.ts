import { createProject } from "../../compose/index.ts";
import { applyCreateFlags, CREATE_FLAGS, checkCreateFlags, createOptions } from "./create-flags.ts";
import type { Verb } from "./verb.ts";

export const create: Verb = {
  summary: "Creates containers for a service",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: CREATE_FLAGS,
  async run(call) {
    checkCreateFlags(call.flags);
    const project = call.runnable(call.args);
    applyCreateFlags(call, project);
    await call.withEngine("Creating", (context) =>
      createProject(context, project, createOptions(call, project, call.args)),
    );
    return 0;
  },
};
