import { invalidArgument } from "../../../base/index.ts";

/** The value of a variable, undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Told of a variable that is not set and has no default. */
export type OnUnset = (name: string) => void;

/** The template cannot be read; `template` is the whole of it. */
export class InvalidTemplate extends Error {
  readonly template: string;

  constructor(template: string) {
    super(`Invalid template: ${JSON.stringify(template)}`);
    this.template = template;
  }
}

const NAME = /^[_a-zA-Z][_a-zA-Z0-9]*/;
/** No file nests deeper than a person can read. */
const MAX_DEPTH = 64;

/**
 * Replaces variables in a text (compose-spec, Interpolation): `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:?error}`,
 * `${X?error}`, `${X:+replacement}`, `${X+replacement}`, each nested in another's text, and `$$` for a dollar sign.
 */
export function substitute(template: string, lookup: Lookup, onUnset?: OnUnset): string {
  return substituteNested(template, lookup, onUnset, template, 0);
}

function substituteNested(
  text: string,
  lookup: Lookup,
  onUnset: OnUnset | undefined,
  whole: string,
  depth: number,
): string {
  if (depth > MAX_DEPTH) throw new InvalidTemplate(whole);
  let out = "";
  let at = 0;
  for (;;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === "$") {
      out += "$";
      at = dollar + 2;
    } else if (next === "{") {
      const end = closingBrace(text, dollar + 1);
      const name = NAME.exec(text.slice(dollar + 2, end))?.[0];
      if (end < 0 || name === undefined) throw new InvalidTemplate(whole);
      const operation = text.slice(dollar + 2 + name.length, end);
      const nested = (inner: string) => substituteNested(inner, lookup, onUnset, whole, depth + 1);
      out += braced(name, operation, lookup, onUnset, nested, whole);
      at = end + 1;
    } else {
      const name = NAME.exec(text.slice(dollar + 1))?.[0];
      if (name === undefined) {
        // A dollar sign that begins nothing stands for itself.
        out += "$";
        at = dollar + 1;
        continue;
      }
      out += plain(name, lookup, onUnset);
      at = dollar + 1 + name.length;
    }
  }
}

function plain(name: string, lookup: Lookup, onUnset: OnUnset | undefined): string {
  const value = lookup(name);
  if (value === undefined) onUnset?.(name);
  return value ?? "";
}

function braced(
  name: string,
  operation: string,
  lookup: Lookup,
  onUnset: OnUnset | undefined,
  nested: (text: string) => string,
  whole: string,
): string {
  if (operation === "") return plain(name, lookup, onUnset);
  const match = /^(:?)([-?+])(.*)$/s.exec(operation);
  if (!match) throw new InvalidTemplate(whole);
  const value = lookup(name);
  const counts = value !== undefined && (match[1] === "" || value !== "");
  const text = match[3]!;
  if (match[2] === "-") return counts ? value! : nested(text);
  if (match[2] === "+") return counts ? nested(text) : (value ?? "");
  if (counts) return value!;
  const reason = nested(text);
  throw invalidArgument(`required variable ${name} is missing a value${reason === "" ? "" : `: ${reason}`}`);
}

/** Where the brace that opens at `open` is closed again, -1 where it is not. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}
