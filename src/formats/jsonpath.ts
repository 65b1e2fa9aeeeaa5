import { GantryError } from "../base/index.ts";

/** A compiled path; answers every value that it selects, in document order. */
export interface JsonPath {
  readonly text: string;
  select(root: unknown): unknown[];
}

type Step =
  | { kind: "field"; name: string }
  | { kind: "wildcard" }
  | { kind: "recursive" }
  | { kind: "union"; parts: Part[] }
  | { kind: "filter"; left: Operand; operator: string; right: Operand };

type Part = { index: number } | { name: string } | { from?: number; to?: number; step: number };
type Operand = { path: Step[] } | { value: unknown };

/** Compiles the JSONPath dialect of Kubernetes (columns of custom resources, `kubectl wait --for=jsonpath`): `.a.b[0]`, `['a.b']`, `[*]`, `..`, slices, unions, filters. Braces around it are optional. Throws InvalidArgument. */
export function compileJsonPath(text: string): JsonPath {
  const inner = text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1) : text;
  const steps = new PathParser(inner.trim()).parse();
  return { text, select: (root) => walk(steps, [root]) };
}

function refuse(text: string, why: string): GantryError {
  return new GantryError("InvalidArgument", `invalid JSONPath ${JSON.stringify(text)}: ${why}`, {
    code: "JsonPath.Invalid",
  });
}

class PathParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Step[] {
    if (this.#text[0] === "$" || this.#text[0] === "@") this.#at = 1;
    const steps: Step[] = [];
    while (this.#at < this.#text.length) this.#step(steps);
    return steps;
  }

  #step(steps: Step[]): void {
    if (this.#text.startsWith("..", this.#at)) {
      this.#at += 2;
      steps.push({ kind: "recursive" });
      if (this.#text[this.#at] !== "[") steps.push(this.#name());
    } else if (this.#text[this.#at] === ".") {
      this.#at++;
      if (this.#at < this.#text.length && this.#text[this.#at] !== "[") steps.push(this.#name());
    } else if (this.#text[this.#at] === "[") steps.push(this.#bracket());
    else if (this.#at === 0) steps.push(this.#name());
    else throw refuse(this.#text, `unexpected ${JSON.stringify(this.#text[this.#at])} at ${this.#at}`);
  }

  #name(): Step {
    let name = "";
    while (this.#at < this.#text.length && !".[]".includes(this.#text[this.#at]!)) {
      if (this.#text[this.#at] === "\\") this.#at++;
      name += this.#text[this.#at++] ?? "";
    }
    if (name === "") throw refuse(this.#text, "a name is missing");
    return name === "*" ? { kind: "wildcard" } : { kind: "field", name };
  }

  #bracket(): Step {
    const body = this.#bracketBody();
    if (body.trim() === "*") return { kind: "wildcard" };
    const filter = /^\?\(([\s\S]*)\)$/.exec(body.trim());
    if (filter !== null) return this.#filter(filter[1]!);
    return { kind: "union", parts: splitTop(body, ",").map((part) => this.#part(part.trim())) };
  }

  #bracketBody(): string {
    const start = ++this.#at;
    let depth = 1;
    let quote = "";
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (quote !== "") {
        if (char === "\\") this.#at++;
        else if (char === quote) quote = "";
      } else if (char === "'" || char === '"') quote = char;
      else if (char === "[") depth++;
      else if (char === "]" && --depth === 0) return this.#text.slice(start, this.#at++);
    }
    throw refuse(this.#text, "unterminated [");
  }

  #part(part: string): Part {
    const quoted = unquote(part);
    if (quoted !== undefined) return { name: quoted };
    if (/^-?\d+$/.test(part)) return { index: Number(part) };
    const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(part);
    if (slice === null) throw refuse(this.#text, `cannot read [${part}]`);
    const [, from, to, step] = slice;
    return {
      ...(from === "" ? {} : { from: Number(from) }),
      ...(to === "" ? {} : { to: Number(to) }),
      step: Math.max(1, Number(step ?? 1)),
    };
  }

  #filter(body: string): Step {
    for (const operator of ["==", "!=", "<=", ">=", "<", ">"]) {
      const sides = splitTop(body, operator);
      if (sides.length === 2) {
        return { kind: "filter", left: operand(sides[0]!), operator, right: operand(sides[1]!) };
      }
    }
    return { kind: "filter", left: operand(body), operator: "exists", right: { value: null } };
  }
}

function operand(text: string): Operand {
  const trimmed = text.trim();
  const quoted = unquote(trimmed);
  if (quoted !== undefined) return { value: quoted };
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return { value: Number(trimmed) };
  if (trimmed === "true" || trimmed === "false") return { value: trimmed === "true" };
  return { path: new PathParser(trimmed).parse() };
}

function unquote(text: string): string | undefined {
  const match = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(text);
  return match === null ? undefined : (match[1] ?? match[2])!.replace(/\\(.)/g, "$1");
}

/** Splits outside of quotes and brackets. */
function splitTop(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== "") {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if ("[(".includes(char)) depth++;
    else if ("])".includes(char)) depth--;
    else if (depth === 0 && text.startsWith(separator, at)) {
      parts.push(text.slice(start, at));
      at += separator.length - 1;
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function walk(steps: readonly Step[], roots: unknown[]): unknown[] {
  let values = roots;
  for (const step of steps) values = values.flatMap((value) => apply(step, value));
  return values;
}

function apply(step: Step, value: unknown): unknown[] {
  switch (step.kind) {
    case "field":
      return fieldOf(value, step.name);
    case "wildcard":
      return childrenOf(value);
    case "recursive":
      return descendants(value);
    case "union":
      return step.parts.flatMap((part) => partOf(value, part));
    default:
      return childrenOf(value).filter((child) => passes(step, child));
  }
}

function fieldOf(value: unknown, name: string): unknown[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function descendants(value: unknown): unknown[] {
  return [value, ...childrenOf(value).flatMap(descendants)];
}

function partOf(value: unknown, part: Part): unknown[] {
  if ("name" in part) return fieldOf(value, part.name);
  if (!Array.isArray(value)) return [];
  if ("index" in part) {
    const at = part.index < 0 ? value.length + part.index : part.index;
    return at >= 0 && at < value.length ? [value[at]] : [];
  }
  return value.slice(part.from, part.to).filter((_, index) => index % part.step === 0);
}

function passes(step: Extract<Step, { kind: "filter" }>, value: unknown): boolean {
  const left = valuesOf(step.left, value);
  if (step.operator === "exists") return left.length > 0;
  const right = valuesOf(step.right, value);
  if (left.length === 0 || right.length === 0) return false;
  return compare(left[0], step.operator, right[0]);
}

function valuesOf(operand: Operand, value: unknown): unknown[] {
  return "path" in operand ? walk(operand.path, [value]) : [operand.value];
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  if (operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false;
  const [a, b] = [left, right as typeof left];
  if (operator === "<") return a < b;
  if (operator === "<=") return a <= b;
  return operator === ">" ? a > b : a >= b;
}
