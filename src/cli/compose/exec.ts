import { environmentList, execIn, findContainer } from "../../compose/index.ts";
import { interact } from "./interactive.ts";
import { keyValues } from "./key-values.ts";
import type { Verb } from "./verb.ts";

export const exec: Verb = {
  summary: "Execute a command in a running container",
  usage: ["[OPTIONS] SERVICE COMMAND [ARGS...]"],
  interspersed: false,
  args: { min: 2 },
  flags: {
    detach: { short: "d", type: "flag", help: "Detached mode: Run command in the background" },
    env: { short: "e", type: "list", help: "Set environment variables" },
    index: { type: "number", help: "Index of the container if service has multiple replicas" },
    interactive: { short: "i", type: "flag", default: true, help: "Keep STDIN open even if not attached" },
    "no-tty": {
      short: "T",
      type: "flag",
      help: "Disable pseudo-TTY allocation. By default 'gantry compose exec' allocates a TTY.",
    },
    "no-TTY": { type: "flag", help: "The same, as it was once called" },
    privileged: { type: "flag", help: "Give extended privileges to the process" },
    tty: { short: "t", type: "flag", default: true, help: "Allocate a pseudo-TTY" },
    user: { short: "u", type: "text", help: "Run the command as this user" },
    workdir: { short: "w", type: "text", help: "Path to workdir directory for this command" },
  },
  async run(call) {
    const { flags, terminal } = call;
    const [service = "", ...command] = call.args;
    const context = call.context();
    const container = await findContainer(
      context.client,
      call.projectName(),
      service,
      flags.number("index") ?? 0,
      { oneOff: "include", all: false },
    );
    const tty = !(flags.flag("no-tty") || flags.flag("no-TTY")) && terminal.isTerminal("stdout");
    const input = flags.flag("interactive");
    const execution = await execIn(context, container.Id, {
      command,
      environment: environmentList(keyValues(flags.list("env"), new Map(Object.entries(process.env)))),
      user: flags.text("user"),
      workdir: flags.text("workdir"),
      privileged: flags.flag("privileged"),
      tty,
      input,
      detach: flags.flag("detach"),
    });
    if (!execution.socket) return 0;
    await interact(execution.socket, {
      tty,
      input,
      resize: (rows, columns) => void execution.resize(rows, columns).catch(() => {}),
    });
    return execution.exitCode();
  },
};
