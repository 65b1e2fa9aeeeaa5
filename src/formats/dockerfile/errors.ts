import { GantryError } from "../../base/index.ts";

/** A mistake in a Dockerfile, not yet told at which line it stands. */
export class DockerfileSyntaxError extends GantryError {
  constructor(message: string) {
    super("InvalidArgument", message, { code: "Dockerfile.Syntax" });
  }
}

export function syntaxError(message: string): DockerfileSyntaxError {
  return new DockerfileSyntaxError(message);
}

/** The error that leaves the parser: names file, line and mistake as the classic builder does. */
export function dockerfileError(error: unknown, at: { file: string; line: number }): unknown {
  if (!(error instanceof DockerfileSyntaxError)) return error;
  const located = `dockerfile parse error on line ${at.line}: ${error.message}`;
  const otherName = at.file !== "Dockerfile";
  return new GantryError("InvalidArgument", otherName ? `failed to parse ${at.file}: ${located}` : located, {
    code: "Dockerfile.Syntax",
    details: { file: at.file, line: at.line },
    cause: error,
  });
}
