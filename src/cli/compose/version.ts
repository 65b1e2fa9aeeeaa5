import { COMPOSE_VERSION } from "../../compose/index.ts";
import { VERSION } from "../versions.ts";
import type { Verb } from "./verb.ts";

export const version: Verb = {
  summary: "Show the version of gantry compose, and of the Compose whose files and labels it shares",
  usage: ["[OPTIONS]"],
  flags: {
    format: {
      short: "f",
      type: "text",
      help: "Format the output. Values: [pretty | json]. (Default: pretty)",
    },
    short: { type: "flag", help: "Shows only Compose's version number" },
  },
  async run({ flags, terminal }) {
    if (flags.flag("short")) terminal.print(`${COMPOSE_VERSION}\n`);
    else if (flags.text("format") === "json")
      terminal.print(`${JSON.stringify({ version: COMPOSE_VERSION })}\n`);
    else terminal.print(`Gantry ${VERSION}, as Docker Compose version ${COMPOSE_VERSION}\n`);
    return 0;
  },
};
