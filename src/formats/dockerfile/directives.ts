import { syntaxError } from "./errors.ts";

export interface Directive {
  name: "syntax" | "escape" | "check";
  value: string;
  /** From 1. */
  line: number;
}

const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const NAMES = new Set(["syntax", "escape", "check"]);

/**
 * Reads parser directives (`# syntax=…`) line by line: they stand before everything else, comments included; the first other
 * line ends them. A directive that stands twice is a mistake.
 */
export class DirectiveReader {
  readonly #prefix: string;
  readonly #seen = new Set<string>();
  #line: number;
  #done = false;

  constructor({ prefix = "#", line = 0 } = {}) {
    this.#prefix = prefix;
    this.#line = line;
  }

  /** The directive on the next line; undefined once they are over. */
  next(text: string): Directive | undefined {
    this.#line++;
    if (this.#done) return undefined;
    const match = text.startsWith(this.#prefix)
      ? DIRECTIVE.exec(text.slice(this.#prefix.length).trimStart())
      : null;
    const name = match?.[1]?.toLowerCase();
    if (!match || !NAMES.has(name!)) {
      this.#done = true;
      return undefined;
    }
    if (this.#seen.has(name!)) throw syntaxError(`only one ${name} parser directive can be used`);
    this.#seen.add(name!);
    return { name: name as Directive["name"], value: match[2]!, line: this.#line };
  }
}

/**
 * Which frontend a file asks for, in any of the ways that BuildKit knows: `# syntax=`, `// syntax=`, or a JSON object with a field
 * `syntax`; a first line `#!…` does not count. `cmdline` is the whole value, `source` its first word.
 */
export function detectSyntax(text: string): { source: string; cmdline: string; line: number } | undefined {
  const plain = text.replace(/^\uFEFF/, "");
  const shebang = /^#!.*(?:\n|$)/.exec(plain)?.[0] ?? "";
  const body = plain.slice(shebang.length);
  const line = shebang === "" ? 0 : 1;
  for (const prefix of ["#", "//"]) {
    const found = syntaxDirective(body, new DirectiveReader({ prefix, line }));
    if (found) return { source: found.value.split(" ")[0]!, cmdline: found.value, line: found.line };
  }
  if (!body.trimStart().startsWith("{")) return undefined;
  try {
    const { syntax } = JSON.parse(body) as { syntax?: unknown };
    return typeof syntax === "string" ? { source: syntax, cmdline: syntax, line: line + 1 } : undefined;
  } catch {
    return undefined;
  }
}

function syntaxDirective(body: string, reader: DirectiveReader): Directive | undefined {
  let from = 0;
  while (from < body.length) {
    const end = body.indexOf("\n", from);
    const stop = end < 0 ? body.length : end;
    let directive: Directive | undefined;
    try {
      directive = reader.next(body.slice(from, stop).replace(/\r$/, ""));
    } catch {
      return undefined;
    }
    if (!directive || directive.name === "syntax") return directive;
    from = stop + 1;
  }
  return undefined;
}
