import { createProject, type Project, ProjectWatcher, startProject } from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { createOptions } from "./create-flags.ts";
import { onStopSignal } from "./signals.ts";
import type { Verb } from "./verb.ts";

export const watch: Verb = {
  summary: "Watch build context for service and rebuild/refresh containers when files are updated",
  usage: ["[SERVICE...]"],
  flags: {
    "no-up": { type: "flag", help: "Do not build & start services before watching" },
    quiet: { type: "flag", help: "hide build output" },
  },
  async run(call) {
    const project = call.runnable(call.args);
    if (!call.flags.flag("no-up")) {
      await call.withEngine("Running", async (context) => {
        await createProject(context, project, createOptions(call, project, call.args));
        await startProject(context, project);
      });
    }
    const ended = Promise.withResolvers<void>();
    const off = onStopSignal(() => ended.resolve());
    const watcher = await startWatching(call, project);
    await ended.promise;
    off();
    await watcher.stop();
    return 130;
  },
};

/** Follows the files of a project until it is told to stop. */
export async function startWatching(call: ComposeCall, project: Project): Promise<ProjectWatcher> {
  const watcher = new ProjectWatcher(call.context(), project, {
    services: call.args,
    log: (line) => call.terminal.print(`⦿ ${line}\n`),
    quietBuild: call.flags.flag("quiet"),
  });
  await watcher.start();
  return watcher;
}
