import { invalidArgument } from "../../../base/index.ts";
import { childPath, keyPath } from "./field-path.ts";
import type { StructuralSchema } from "./structural-schema.ts";

export interface FoundField {
  /** `spec.ports`, keys of maps in brackets. */
  path: string;
  /** The first field on the way. */
  root: string;
  schema: StructuralSchema;
}

/** Delimiters, a text in quotes, or what lies between. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    const token = text[at] === "'" ? quotedAt(text, at) : /^(?:[.[\]]|[^.[\]]+)/.exec(text.slice(at))![0];
    tokens.push(token);
    at += token.length;
  }
  return tokens;
}

function quotedAt(text: string, start: number): string {
  let end = text.indexOf("'", start + 1);
  while (end > 0 && text[end - 1] === "\\") end = text.indexOf("'", end + 1);
  return end < 0 ? text.slice(start) : text.slice(start, end + 1);
}

/**
 * Finds the field that a path like `.spec.x` or `.labels['a.b']` names in a schema (apiextensions-apiserver cel
 * ValidFieldPath). Throws InvalidArgument with upstream's words.
 */
export function findSchemaField(
  jsonPath: string,
  schema: StructuralSchema,
  { allowsBrackets = true }: { allowsBrackets?: boolean } = {},
): FoundField {
  const tokens = tokensOf(jsonPath);
  let found: FoundField = { path: "", root: "", schema };
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    if (token === ".") {
      found = stepInto(found, next(tokens));
    } else if (token === "[") {
      if (!allowsBrackets) throw invalidArgument("array notation is not allowed");
      found = stepInto(found, unquoted(next(tokens)));
      const end = next(tokens);
      if (end !== "]") throw invalidArgument(`expected ] but got ${end}`);
    } else {
      throw invalidArgument(`expected [ or . but got: ${token}`);
    }
  }
  return found;
}

function next(tokens: string[]): string {
  const token = tokens.shift();
  if (token === undefined) throw invalidArgument("unexpected end of JSON path");
  return token;
}

function stepInto({ path, root, schema }: FoundField, name: string): FoundField {
  if (schema.properties.size > 0) {
    const property = schema.properties.get(name);
    if (property === undefined) throw invalidArgument("does not refer to a valid field");
    return { path: childPath(path, name), root: root || name, schema: property };
  }
  const additional = schema.additionalProperties?.schema;
  if (additional === undefined) throw invalidArgument("does not refer to a valid field");
  return { path: keyPath(path, name), root: root || name, schema: additional };
}

const ESCAPES: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

function unquoted(token: string): string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'"))
    throw invalidArgument(`expected single quoted string but got ${token}`);
  return token.slice(1, -1).replace(/\\./gs, (sequence) => {
    const char = ESCAPES[sequence[1]!];
    if (char === undefined) throw invalidArgument(`invalid string literal: invalid escape char ${sequence}`);
    return char;
  });
}
