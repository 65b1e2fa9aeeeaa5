import { type EngineEvent, filters, jsonLines, LABEL } from "../../compose/index.ts";
import { sinceOf } from "./logs.ts";
import { untilStopped } from "./signals.ts";
import type { Verb } from "./verb.ts";

export const events: Verb = {
  summary: "Receive real time events from containers",
  usage: ["[OPTIONS] [SERVICE...]"],
  flags: {
    json: { type: "flag", help: "Output events as a stream of json objects" },
    since: { type: "text", help: "Show all events created since timestamp" },
    until: { type: "text", help: "Stream events until this timestamp" },
  },
  async run(call) {
    const { client, flags, args, terminal } = call;
    const now = call.context().clock.nowMs();
    const signal = untilStopped();
    const stream = await client.stream("GET", "/events", {
      query: {
        since: sinceOf(flags.text("since"), now),
        until: sinceOf(flags.text("until"), now),
        filters: filters({ label: [`${LABEL.project}=${call.projectName()}`] }),
      },
      signal,
    });
    try {
      for await (const event of jsonLines<EngineEvent>(stream)) {
        const { Attributes: labels } = event.Actor;
        const service = labels[LABEL.service] ?? "";
        if (event.Type !== "container" || labels[LABEL.oneOff] === "True") continue;
        if (args.length > 0 && !args.includes(service)) continue;
        terminal.print(`${flags.flag("json") ? asJson(event, service) : asText(event)}\n`);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return 130;
    }
    return 0;
  },
};

function ownAttributes({ Actor: actor }: EngineEvent): [string, string][] {
  return Object.entries(actor.Attributes)
    .filter(([name]) => !name.startsWith("com.docker.compose."))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const timeOf = ({ time, timeNano }: EngineEvent) => {
  const text = new Date(time * 1000).toISOString().slice(0, 19);
  // More digits than a number holds: those after the point are counted for themselves.
  return { text, micros: String(Math.floor((timeNano % 1e9) / 1e3)).padStart(6, "0") };
};

function asJson(event: EngineEvent, service: string): string {
  const { text, micros } = timeOf(event);
  return JSON.stringify({
    action: event.Action,
    attributes: Object.fromEntries(ownAttributes(event)),
    id: event.Actor.ID,
    service,
    time: `${text}.${micros}Z`,
    type: "container",
  });
}

function asText(event: EngineEvent): string {
  const { text, micros } = timeOf(event);
  const attributes = ownAttributes(event).map(([name, value]) => `${name}=${value}`);
  return `${text.replace("T", " ")}.${micros} container ${event.Action} ${event.Actor.ID} (${attributes.join(", ")})`;
}
