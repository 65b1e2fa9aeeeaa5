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

/** The directives at the head of a Dockerfile, up to the first mistake. A first line `#!…` does not count. */
export function directivesOf(text: string, prefix = "#"): Directive[] {
  const { body, line } = withoutShebang(text);
  const reader = new DirectiveReader({ prefix, line });
  const found: Directive[] = [];
  let from = 0;
  while (from < body.length) {
    const end = body.indexOf("\n", from);
    const stop = end < 0 ? body.length : end;
    let directive: Directive | undefined;
    try {
      directive = reader.next(body.slice(from, stop).replace(/\r$/, ""));
    } catch {
      return found;
    }
    if (!directive) return found;
    found.push(directive);
    from = stop + 1;
  }
  return found;
}

/**
 * Which frontend a file asks for, in any of the ways that BuildKit knows: `# syntax=`, `// syntax=`, or a JSON object with a field
 * `syntax`. `cmdline` is the whole value, `source` its first word.
 */
export function detectSyntax(text: string): { source: string; cmdline: string; line: number } | undefined {
  for (const prefix of ["#", "//"]) {
    const found = directivesOf(text, prefix).find(({ name }) => name === "syntax");
    if (found) return { source: found.value.split(" ")[0]!, cmdline: found.value, line: found.line };
  }
  const { body, line } = withoutShebang(text);
  if (!body.trimStart().startsWith("{")) return undefined;
  try {
    const { syntax } = JSON.parse(body) as { syntax?: unknown };
    return typeof syntax === "string" ? { source: syntax, cmdline: syntax, line: line + 1 } : undefined;
  } catch {
    return undefined;
  }
}

function withoutShebang(text: string): { body: string; line: number } {
  const plain = text.replace(/^\uFEFF/, "");
  const shebang = /^#!.*(?:\n|$)/.exec(plain)?.[0] ?? "";
  return { body: plain.slice(shebang.length), line: shebang === "" ? 0 : 1 };
}
