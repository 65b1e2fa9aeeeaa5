import type { OptionSpecs, ParsedArguments } from "../arguments.ts";

/** One call of `gantry store <verb>`. */
export interface Call {
  home: string;
  /** Absolute; of verbs that take one. */
  file: string | undefined;
  parsed: ParsedArguments;
}

export interface Verb {
  /** Returns the exit code. */
  run(call: Call): Promise<number>;
  /** The verb's first argument is the name of a file. */
  takesFile?: boolean;
  /** Beside those that all verbs take. */
  options?: OptionSpecs;
}
