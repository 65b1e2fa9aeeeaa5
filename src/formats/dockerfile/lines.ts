import { DirectiveReader } from "./directives.ts";
import { dockerfileError, syntaxError } from "./errors.ts";
import { heredocMarkers } from "./heredoc.ts";
import type { DockerfileWarning, Heredoc } from "./types.ts";
import { parseJsonArray, splitFlags } from "./words.ts";

/** One instruction with its continuation lines joined, before its arguments are understood. */
export interface RawInstruction {
  /** As written. */
  name: string;
  flags: string[];
  rest: string;
  heredocs: Heredoc[];
  line: number;
  endLine: number;
  original: string;
  comments: readonly string[];
}

export interface RawDockerfile {
  escapeChar: string;
  syntax: string;
  check: string;
  instructions: RawInstruction[];
  warnings: DockerfileWarning[];
}

const WITH_HEREDOC = new Set(["ADD", "COPY", "RUN"]);
/** A longer line is not a Dockerfile's. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Splits a Dockerfile into instructions: directives, comments, continuation lines and here-documents. */
export function readInstructions(text: string, file: string): RawDockerfile {
  return new LineReader(text, file).read();
}

/** Splits one instruction's text (an ONBUILD trigger) the same way. */
export function splitInstruction(
  text: string,
  escapeChar: string,
): Pick<RawInstruction, "name" | "flags" | "rest"> {
  const [, name, arguments_] = /^(\S*)\s*([\s\S]*)$/.exec(text.trim())!;
  const { flags, rest } = splitFlags(arguments_!, escapeChar);
  return { name: name!, flags, rest: rest.trim() };
}

class LineReader {
  readonly #lines: string[];
  readonly #file: string;
  readonly #instructions: RawInstruction[] = [];
  readonly #warnings: DockerfileWarning[] = [];
  #comments: string[] = [];
  #escape = "\\";
  #syntax = "";
  #check = "";
  #at = 0;

  constructor(text: string, file: string) {
    this.#lines = text.replace(/^\uFEFF/, "").split("\n");
    if (this.#lines.at(-1) === "") this.#lines.pop();
    this.#file = file;
  }

  read(): RawDockerfile {
    this.#readDirectives();
    while (this.#at < this.#lines.length) this.#readInstruction();
    if (this.#instructions.length === 0) this.#fail("file with no instructions", Math.max(1, this.#at));
    return {
      escapeChar: this.#escape,
      syntax: this.#syntax,
      check: this.#check,
      instructions: this.#instructions,
      warnings: this.#warnings,
    };
  }

  #readDirectives(): void {
    const reader = new DirectiveReader();
    for (; this.#at < this.#lines.length; this.#at++) {
      const directive = this.#located(this.#at + 1, () =>
        reader.next(this.#lines[this.#at]!.replace(/\r$/, "").trimStart()),
      );
      if (!directive) return;
      if (directive.name === "syntax") this.#syntax = directive.value;
      if (directive.name === "check") this.#check = directive.value;
      if (directive.name === "escape") this.#setEscape(directive.value);
    }
  }

  #located<T>(line: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw dockerfileError(error, { file: this.#file, line, endLine: Math.max(line, this.#at) });
    }
  }

  #setEscape(value: string): void {
    if (value !== "\\" && value !== "`") {
      this.#fail(`invalid escape token '${value}' does not match \` or \\`, this.#at + 1);
    }
    this.#escape = value;
  }

  #readInstruction(): void {
    const line = this.#at + 1;
    const first = this.#take().trimStart();
    if (isComment(first)) {
      const comment = first.slice(1).trim();
      if (comment === "") this.#comments = [];
      else this.#comments.push(comment);
      return;
    }
    let { text, continues } = this.#cutContinuation(first);
    if (!continues && text.trim() === "") return;
    let hasEmptyLine = false;
    while (continues && this.#at < this.#lines.length) {
      const following = this.#take();
      if (isComment(following)) continue;
      if (following.trim() === "") {
        hasEmptyLine = true;
        continue;
      }
      const part = this.#cutContinuation(following);
      text += part.text;
      continues = part.continues;
      if (text.length > MAX_LINE_LENGTH)
        this.#fail("dockerfile line greater than max allowed size of 1048576", line);
    }
    if (text.trim() === "") return;
    if (hasEmptyLine)
      this.#warnings.push({ text: `Empty continuation line found in: ${text}`, line: this.#at });
    this.#add(text, line);
  }

  #add(text: string, line: number): void {
    const split = splitInstruction(text, this.#escape);
    const heredocs = this.#readHeredocs(split.name, split.rest, text, line);
    const source = { line, endLine: this.#at, original: text.trim(), comments: this.#comments };
    this.#instructions.push({ ...split, heredocs, ...source });
    this.#comments = [];
  }

  #readHeredocs(name: string, rest: string, text: string, line: number): Heredoc[] {
    let carrier = name.toUpperCase();
    let arguments_ = rest;
    if (carrier === "ONBUILD") {
      const trigger = splitInstruction(rest, this.#escape);
      carrier = trigger.name.toUpperCase();
      arguments_ = trigger.rest;
    }
    if (!WITH_HEREDOC.has(carrier) || isJson(arguments_)) return [];
    const heredocs = heredocMarkers(text);
    for (const heredoc of heredocs) heredoc.content = this.#readHeredoc(heredoc, line);
    return heredocs;
  }

  #readHeredoc(heredoc: Heredoc, line: number): string {
    const from = this.#at;
    while (this.#at < this.#lines.length) {
      const candidate = this.#take();
      if ((heredoc.stripTabs ? candidate.replace(/^\t+/, "") : candidate) !== heredoc.name) continue;
      const body = this.#lines.slice(from, this.#at - 1);
      return body.length === 0 ? "" : `${body.join("\n")}\n`;
    }
    return this.#fail("unterminated heredoc", line);
  }

  #take(): string {
    return this.#lines[this.#at++]!.replace(/\r$/, "");
  }

  /** The escape character as the last of a line continues it, unless it is escaped itself. */
  #cutContinuation(text: string): { text: string; continues: boolean } {
    const trimmed = text.replace(/[ \t]+$/, "");
    if (!trimmed.endsWith(this.#escape) || trimmed.endsWith(this.#escape + this.#escape)) {
      return { text, continues: false };
    }
    return { text: trimmed.slice(0, -1), continues: true };
  }

  #fail(message: string, line: number): never {
    throw dockerfileError(syntaxError(message), {
      file: this.#file,
      line,
      endLine: Math.max(line, this.#at),
    });
  }
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

function isJson(rest: string): boolean {
  try {
    return parseJsonArray(rest) !== undefined;
  } catch {
    return true;
  }
}
