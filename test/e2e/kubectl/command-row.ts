/** One command line, and what has to come of it. */
export interface CommandRow {
  /** For `sh`, in a directory with the files of `manifests.ts`; `$N` is the namespace, `$NODE` the node. */
  run: string;
  /** Exit code: 0 when absent. */
  code?: number;
  /** All of the output as a text, or a part of it as an expression; `$N` and `$NODE` stand for their values. Anything when absent. */
  out?: string | RegExp;
  /** As `out`; when absent, nothing may be written there. */
  err?: string | RegExp;
  /** The first minor version of kubectl that has it. */
  since?: number;
}

/** What a subcommand of kubectl (`set image`) is seen to do. */
export interface CommandRows {
  subcommand: string;
  rows: readonly CommandRow[];
}

export const ANYTHING = /^/;
