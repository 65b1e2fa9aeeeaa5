import { GantryError } from "../../base/index.ts";

/** A mistake in a Dockerfile, not yet told at which line it stands. */
export class DockerfileSyntaxError extends GantryError {
  /** Of the text, which cannot be taken apart, and not of what an instruction means. */
  readonly isOfText: boolean;

  constructor(message: string, { isOfText = false } = {}) {
    super("InvalidArgument", message, { code: "Dockerfile.Syntax" });
    this.isOfText = isOfText;
  }
}

export function syntaxError(message: string): DockerfileSyntaxError {
  return new DockerfileSyntaxError(message);
}

export function textError(message: string): DockerfileSyntaxError {
  return new DockerfileSyntaxError(message, { isOfText: true });
}

export interface DockerfilePlace {
  file: string;
  line: number;
  /** Last line of the instruction; `line` if absent. */
  endLine?: number;
  /** An instruction was not understood. Otherwise the text could not be split into instructions, or these make no stages. */
  isInstruction?: boolean;
  /** BuildKit's words, where they are others than the classic builder's. */
  plainMessage?: string;
}

/** The error that leaves the parser: its message names file, line and mistake as the classic builder does. */
export class DockerfileError extends GantryError {
  readonly line: number;
  readonly endLine: number;
  /** As BuildKit says it, which shows the lines themselves. */
  readonly plainMessage: string;
  readonly isOfText: boolean;

  constructor(cause: DockerfileSyntaxError, at: DockerfilePlace) {
    const located = `dockerfile parse error on line ${at.line}: ${cause.message}`;
    super("InvalidArgument", at.file === "Dockerfile" ? located : `failed to parse ${at.file}: ${located}`, {
      code: "Dockerfile.Syntax",
      details: { file: at.file, line: at.line },
      cause,
    });
    this.line = at.line;
    this.isOfText = cause.isOfText;
    this.endLine = at.endLine ?? at.line;
    this.plainMessage = at.plainMessage ?? (at.isInstruction && !cause.isOfText ? located : cause.message);
  }
}

/** Says of a mistake where it stands; other errors stay as they are. */
export function dockerfileError(error: unknown, at: DockerfilePlace): unknown {
  return error instanceof DockerfileSyntaxError ? new DockerfileError(error, at) : error;
}
