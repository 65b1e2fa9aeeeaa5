import type { Ingress } from "../../api/index.ts";
import type { Problem } from "../problem.ts";

export const PREFIX = "nginx.ingress.kubernetes.io/";

/** Reads the annotations of one Ingress, and remembers which were read and what was wrong with them. */
export class AnnotationReader {
  readonly problems: Problem[] = [];
  /** Of the Ingress. */
  readonly namespace: string;
  readonly #annotations: Record<string, string>;
  readonly #read = new Set<string>();

  constructor({ metadata }: Ingress) {
    this.namespace = metadata.namespace!;
    this.#annotations = metadata.annotations ?? {};
  }

  text(name: string): string | undefined {
    this.#read.add(name);
    return this.#annotations[PREFIX + name];
  }

  /** As Go's strconv.ParseBool reads it. */
  flag(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^(1|t|T|true|True|TRUE)$/.test(text)) return true;
    if (/^(0|f|F|false|False|FALSE)$/.test(text)) return false;
    return this.#refuse(name, text, "true or false");
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    return this.#refuse(name, text, `a number from ${min} to ${max}`);
  }

  /** Text that a pattern fits, without the blanks around it. */
  matching(name: string, pattern: RegExp, what: string): string | undefined {
    const text = this.text(name)?.trim();
    if (text === undefined || pattern.test(text)) return text;
    return this.#refuse(name, text, what);
  }

  /** Parts between commas, without blanks; each must fit the pattern. */
  list(name: string, pattern: RegExp, what: string): string[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const parts = text.split(",").flatMap((part) => part.trim() || []);
    const wrong = parts.find((part) => !pattern.test(part));
    return wrong === undefined ? parts : this.#refuse(name, wrong, what);
  }

  tell(name: string, message: string): void {
    this.problems.push({ reason: "InvalidAnnotation", message: `${PREFIX}${name}: ${message}` });
  }

  /** Names of this prefix that nobody has read. */
  unread(): string[] {
    return Object.keys(this.#annotations)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => key.slice(PREFIX.length))
      .filter((name) => !this.#read.has(name))
      .sort();
  }

  #refuse(name: string, text: string, what: string): undefined {
    this.tell(name, `${JSON.stringify(text)} is not valid: it takes ${what}`);
    return undefined;
  }
}
