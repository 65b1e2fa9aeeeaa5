import { systemClock } from "../../base/index.ts";
import {
  createProject,
  type OnExit,
  type Project,
  startProject,
  upAttached,
  withSelectedServices,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { applyCreateFlags, CREATE_FLAGS, checkCreateFlags, createOptions } from "./create-flags.ts";
import { type Flags, type ParsedFlags, usage } from "./flags.ts";
import { LogLines } from "./log-lines.ts";
import { isOnCluster } from "./on-cluster.ts";
import { ProgressLines } from "./progress-lines.ts";
import { onStopSignal } from "./signals.ts";
import type { Verb } from "./verb.ts";

const flags: Flags = {
  ...CREATE_FLAGS,
  "abort-on-container-exit": {
    type: "flag",
    help: "Stops all containers if any container was stopped. Incompatible with -d",
  },
  "abort-on-container-failure": {
    type: "flag",
    help: "Stops all containers if any container exited with failure. Incompatible with -d",
  },
  "always-recreate-deps": {
    type: "flag",
    help: "Recreate dependent containers. Incompatible with --no-recreate.",
  },
  attach: {
    type: "list",
    help: "Restrict attaching to the specified services. Incompatible with --attach-dependencies.",
  },
  "attach-dependencies": { type: "flag", help: "Automatically attach to log output of dependent services" },
  detach: { short: "d", type: "flag", help: "Detached mode: Run containers in the background" },
  "exit-code-from": {
    type: "text",
    help: "Return the exit code of the selected service container. Implies --abort-on-container-exit",
  },
  "no-attach": { type: "list", help: "Do not attach (stream logs) to the specified services" },
  "no-color": { type: "flag", help: "Produce monochrome output" },
  "no-deps": { type: "flag", help: "Don't start linked services" },
  "no-log-prefix": { type: "flag", help: "Don't print prefix in logs" },
  "no-start": { type: "flag", help: "Don't start the services after creating them" },
  "quiet-build": { type: "flag", help: "Suppress the build output" },
  "renew-anon-volumes": {
    short: "V",
    type: "flag",
    help: "Recreate anonymous volumes instead of retrieving data from the previous containers",
  },
  on: { type: "text", default: "engine", help: 'Where the project runs ("engine"|"cluster")' },
  timeout: {
    short: "t",
    type: "number",
    help: "Use this timeout in seconds for container shutdown when attached or when containers are already running",
  },
  timestamps: { type: "flag", help: "Show timestamps" },
  wait: { type: "flag", help: "Wait for services to be running|healthy. Implies detached mode." },
  "wait-timeout": {
    type: "number",
    help: "Maximum duration in seconds to wait for the project to be running|healthy",
  },
  watch: {
    short: "w",
    type: "flag",
    help: "Watch source code and rebuild/refresh containers when files are updated.",
  },
};

export const up: Verb = {
  summary: "Create and start containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags,
  async run(call) {
    const onExit = checkFlags(call.flags);
    const services = call.args;
    const project = selected(call, call.runnable(services), services);
    if (!call.globals.flag("all-resources") && Object.keys(project.services).length === 0) {
      throw usage("no service selected");
    }
    applyCreateFlags(call, project);
    if (isOnCluster(call)) return (await import("./cluster-up.ts")).upOnCluster(call, project);
    const options = createOptions(call, project, services);
    const isDetached = call.flags.flag("detach") || call.flags.flag("wait");
    await call.withEngine("Running", async (context) => {
      await createProject(context, project, options);
      if (!isDetached || call.flags.flag("no-start")) return;
      await startProject(context, project, {
        wait: call.flags.flag("wait"),
        waitTimeoutSeconds: call.flags.number("wait-timeout"),
      });
    });
    if (isDetached || call.flags.flag("no-start")) return 0;
    return attached(call, project, onExit);
  },
};

function checkFlags(given: ParsedFlags): OnExit {
  const fails = given.flag("abort-on-container-failure");
  const stops = given.flag("abort-on-container-exit") || (given.text("exit-code-from") !== "" && !fails);
  if (stops && fails) {
    throw usage("--abort-on-container-failure cannot be combined with --abort-on-container-exit");
  }
  const attaches = given.flag("attach-dependencies") || given.list("attach").length > 0;
  if (given.flag("wait") && (attaches || stops)) {
    throw usage(
      "--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies",
    );
  }
  if (given.list("attach").length > 0 && given.flag("attach-dependencies")) {
    throw usage("cannot combine --attach and --attach-dependencies");
  }
  const isDetached = given.flag("detach") || given.flag("wait");
  if (isDetached && (attaches || stops || fails || given.flag("watch"))) {
    throw usage(
      `--${given.flag("wait") ? "wait" : "detach"} cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch`,
    );
  }
  if (given.flag("no-build") && given.flag("watch")) throw usage("--no-build and --watch are incompatible");
  checkCreateFlags(given);
  return stops ? "stop" : fails ? "fail" : "ignore";
}

function selected(call: ComposeCall, project: Project, services: readonly string[]): Project {
  const chosen = call.flags.flag("no-deps") ? withSelectedServices(project, services, "nothing") : project;
  const exitCodeFrom = call.flags.text("exit-code-from");
  if (exitCodeFrom !== "" && !(exitCodeFrom in chosen.services)) {
    throw usage(`no such service: ${exitCodeFrom}: not found`);
  }
  return chosen;
}

async function attached(call: ComposeCall, project: Project, onExit: OnExit): Promise<number> {
  const { flags: given, terminal } = call;
  const consumer = new LogLines({
    out: (text) => terminal.print(text),
    err: (text) => terminal.info(text),
    prefix: !given.flag("no-log-prefix"),
    colors: !given.flag("no-color") && call.colors("stdout"),
    ...(given.flag("timestamps") ? { time: () => new Date(systemClock.nowMs()).toISOString() } : {}),
  });
  const stopping = call.context(new ProgressLines((text) => terminal.info(text)));
  const watcher = given.flag("watch")
    ? await (await import("./watch.ts")).startWatching(call, project)
    : undefined;
  const exitCodeFrom = given.text("exit-code-from");
  try {
    return await upAttached(call.context(), project, {
      consumer,
      attachTo: attachTo(given, project, call.args),
      services: call.args,
      onExit,
      ...(exitCodeFrom === "" ? {} : { exitCodeFrom }),
      ...(given.has("timeout") ? { timeoutSeconds: given.number("timeout") } : {}),
      stopping,
      print: (line) => terminal.print(`${line}\n`),
      inform: (line) => terminal.info(`${line}\n`),
      onSignal: onStopSignal,
    });
  } finally {
    await watcher?.stop();
  }
}

function attachTo(given: ParsedFlags, project: Project, services: readonly string[]): string[] {
  const wanted = given.list("attach");
  const unexpected = wanted.filter((name) => !(name in project.services));
  if (unexpected.length > 0) {
    throw usage(`cannot attach to services not included in up: ${unexpected.join(", ")}`);
  }
  const along = given.flag("attach-dependencies") ? "dependencies" : "nothing";
  const launched = Object.values(withSelectedServices(project, services, along).services)
    .filter(({ attach }) => attach ?? true)
    .map(({ name }) => name);
  return (wanted.length > 0 ? wanted : launched).filter((name) => !given.list("no-attach").includes(name));
}
