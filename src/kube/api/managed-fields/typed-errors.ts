/** What is wrong at one place; `path` as `.spec.ports[port=80,protocol="TCP"]`, empty for the whole object. */
export interface TypedProblem {
  path: string;
  message: string;
}

/** An object does not fit its schema: all that is wrong with it. The message is upstream's, without the sentence around it. */
export class TypedError extends Error {
  readonly problems: readonly TypedProblem[];

  constructor(problems: readonly TypedProblem[]) {
    super(textOf(problems));
    this.name = "TypedError";
    this.problems = problems;
  }
}

function textOf(problems: readonly TypedProblem[]): string {
  const texts = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return texts.length === 1 ? texts[0]! : ["errors:", ...texts.map((text) => `  ${text}`)].join("\n");
}
