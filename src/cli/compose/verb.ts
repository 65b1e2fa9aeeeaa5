import type { ComposeCall } from "./compose-call.ts";
import type { Flags } from "./flags.ts";

/** A command of `gantry compose`. */
export interface Verb {
  summary: string;
  /** What follows the command's name, one line a form. */
  usage: readonly string[];
  details?: string;
  flags?: Flags;
  /** False where what follows the first argument belongs to another program. */
  interspersed?: boolean;
  /** How many arguments it takes. */
  args?: { min?: number; max?: number };
  /** Returns the exit code. */
  run(call: ComposeCall): Promise<number>;
}
