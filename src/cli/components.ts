import { GantryError } from "../base/index.ts";

/** Parts of the house that can be run without the others. */
export const COMPONENTS = ["apiserver", "controllers", "scheduler", "node", "docker"] as const;

export type Component = (typeof COMPONENTS)[number];

/** What `gantry server` runs, and what `gantry agent` does. */
export const SERVER_COMPONENTS: readonly Component[] = ["apiserver", "controllers", "scheduler"];
export const AGENT_COMPONENTS: readonly Component[] = ["node", "docker"];

/** These work in the process of the API server. */
const BESIDE_API_SERVER: readonly Component[] = ["controllers", "scheduler", "node"];

/** Reads `apiserver,scheduler`. Throws InvalidArgument for what is no component, and for one without that which it needs. */
export function parseComponents(text: string): Component[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(COMPONENTS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new GantryError("InvalidArgument", `--components does not know "${unknown}"`, {
      hint: `it takes a list of ${COMPONENTS.join(", ")}`,
    });
  }
  const components = COMPONENTS.filter((name) => names.includes(name));
  const lonely = components.find((name) => BESIDE_API_SERVER.includes(name));
  if (lonely !== undefined && !components.includes("apiserver")) {
    throw new GantryError("InvalidArgument", `--components: ${lonely} needs apiserver in the same process`, {
      hint: "'gantry agent' runs a node that joins another machine's server",
    });
  }
  return components;
}
