import { showLogs } from "../../compose/index.ts";
import { usage } from "./flags.ts";
import { LogLines } from "./log-lines.ts";
import { untilStopped } from "./signals.ts";
import type { Verb } from "./verb.ts";

export const logs: Verb = {
  summary: "View output from containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    follow: { short: "f", type: "flag", help: "Follow log output" },
    index: { type: "number", help: "index of the container if service has multiple replicas" },
    "no-color": { type: "flag", help: "Produce monochrome output" },
    "no-log-prefix": { type: "flag", help: "Don't print prefix in logs" },
    since: {
      type: "text",
      help: "Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)",
    },
    tail: {
      short: "n",
      type: "text",
      default: "all",
      help: "Number of lines to show from the end of the logs for each container",
    },
    timestamps: { short: "t", type: "flag", help: "Show timestamps" },
    until: {
      type: "text",
      help: "Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)",
    },
  },
  async run(call) {
    const { flags, args, terminal } = call;
    const index = flags.number("index") ?? 0;
    if (index > 0 && args.length !== 1) throw usage("--index requires one service to be selected");
    const { name, project } = call.projectOrName(args);
    const missing = project && args.find((service) => !(service in project.services));
    if (missing !== undefined) throw usage(`no such service: ${missing}`);
    const consumer = new LogLines({
      out: (text) => terminal.print(text),
      err: (text) => terminal.info(text),
      prefix: !flags.flag("no-log-prefix"),
      colors: !flags.flag("no-color") && call.colors("stdout"),
    });
    const signal = untilStopped();
    await showLogs(call.context(), name, consumer, {
      follow: flags.flag("follow"),
      services: args,
      ...(project ? { known: Object.keys(project.services) } : {}),
      index,
      tail: flags.text("tail"),
      since: sinceOf(flags.text("since"), call.context().clock.nowMs()),
      until: sinceOf(flags.text("until"), call.context().clock.nowMs()),
      timestamps: flags.flag("timestamps"),
      signal,
    });
    return signal.aborted ? 130 : 0;
  },
};

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** `42m` is that long before now; a time stays as it is. */
export function sinceOf(text: string, nowMs: number): string | undefined {
  if (text === "") return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.map(([part]) => part).join("") === text) {
    const seconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit!]!, 0);
    return String(nowMs / 1000 - seconds);
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? text : String(time / 1000);
}
