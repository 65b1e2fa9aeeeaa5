import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from "js-yaml";
import { goSyntax } from "./go-print.ts";

/** What goyaml reads as something else than a string, and prints as it stands. */
const NO_STRING = /^(?:true|false|[-+]?[0-9]+)$/;

/** So many are told: an error is to be read. */
const MAX_TOLD = 100;

/**
 * What goyaml's strict decoder says of every key that its map has already, in the order in which it comes upon them: `line 9: key
 * "foo" already set in map`. The line is where the value begins. Throws js-yaml's errors.
 */
export function yamlDuplicateKeys(text: string): string[] {
  const events = parseEvents(text, {})[Symbol.iterator]();
  const found: string[] = [];
  const next = (): Event | undefined => {
    const { value, done } = events.next();
    return done || value.type === EVENT_ID.POP ? undefined : value;
  };
  const readValue = (event: Event): void => {
    if (event.type === EVENT_ID.MAPPING) readMapping();
    else if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.DOCUMENT) {
      for (let item = next(); item; item = next()) readValue(item);
    }
  };
  const readMapping = (): void => {
    const keys = new Set<string>();
    for (let key = next(); key; key = next()) {
      readValue(key);
      const value = next();
      if (!value) return;
      readValue(value);
      const shown = keyOf(text, key);
      if (shown === undefined) continue;
      if (keys.has(shown) && found.length < MAX_TOLD)
        found.push(`line ${lineOf(text, value)}: key ${shown} already set in map`);
      keys.add(shown);
    }
  };
  for (let document = next(); document; document = next()) readValue(document);
  return found;
}

/** As Go's `%#v`; undefined where it is not a scalar, or merges another map. */
function keyOf(text: string, key: Event): string | undefined {
  if (key.type !== EVENT_ID.SCALAR) return undefined;
  const value = getScalarValue(text, key);
  if (key.style !== SCALAR_STYLE.PLAIN) return goSyntax(value);
  if (value === "<<") return undefined;
  return NO_STRING.test(value) ? value : goSyntax(value);
}

function lineOf(text: string, event: Event): number {
  const starts = event as Partial<Record<"anchorStart" | "tagStart" | "valueStart" | "start", number>>;
  const known = [starts.anchorStart, starts.tagStart, starts.valueStart, starts.start].filter(
    (start) => start !== undefined && start >= 0,
  ) as number[];
  return text.slice(0, Math.min(...known)).split("\n").length;
}
