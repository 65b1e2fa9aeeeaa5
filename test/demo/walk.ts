import { type RunResult, run } from "../support/run.ts";

interface Outcome {
  title: string;
  ms: number;
  checks: { label: string; ok: boolean; detail: string }[];
}

const QUOTE = /[^\w@%+=:,./-]/;
const MAX_LINES = 24;

/** Prints what a person would type and see, checks what came of it, and sums up at the end. */
export class Walk {
  readonly #outcomes: Outcome[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #write: (text: string) => void;

  constructor(env: NodeJS.ProcessEnv, write: (text: string) => void) {
    this.#env = env;
    this.#write = write;
  }

  /** One titled step; a failure inside is noted and the walk goes on. */
  async step(title: string, body: () => Promise<void>): Promise<void> {
    const outcome: Outcome = { title, ms: 0, checks: [] };
    this.#outcomes.push(outcome);
    this.#write(`\n== ${title}\n`);
    const startedAt = performance.now();
    try {
      await body();
    } catch (error) {
      this.check("the step ran to its end", false, error instanceof Error ? error.message : String(error));
    }
    outcome.ms = performance.now() - startedAt;
  }

  /** Runs a command, showing it, its output and its time. */
  async show(
    command: string,
    args: readonly string[],
    options: { shownAs?: string; input?: string; timeoutMs?: number } = {},
  ): Promise<RunResult> {
    this.#write(
      `$ ${options.shownAs ?? command} ${args.map((arg) => (QUOTE.test(arg) ? `'${arg}'` : arg)).join(" ")}\n`,
    );
    const result = await run(command, args, {
      env: this.#env,
      input: options.input,
      timeoutMs: options.timeoutMs ?? 180_000,
    });
    const lines = `${result.stdout}${result.stderr}`.split("\n").filter((line) => line !== "");
    for (const line of lines.slice(0, MAX_LINES)) this.#write(`    ${line}\n`);
    if (lines.length > MAX_LINES) this.#write(`    … ${lines.length - MAX_LINES} more lines\n`);
    this.#write(
      `    [${result.code === 0 ? "" : `exit code ${result.code}, `}${Math.round(result.ms)} ms]\n`,
    );
    return result;
  }

  check(label: string, ok: boolean, detail = ""): void {
    this.#outcomes.at(-1)!.checks.push({ label, ok, detail });
    this.#write(`  ${ok ? "ok  " : "FAIL"} ${label}${!ok && detail ? `: ${detail}` : ""}\n`);
  }

  note(text: string): void {
    this.#write(`  ${text}\n`);
  }

  /** Prints the summary; true when every check held. */
  summary(): boolean {
    this.#write("\n== Summary\n");
    let failed = 0;
    let passed = 0;
    for (const outcome of this.#outcomes) {
      const bad = outcome.checks.filter((check) => !check.ok);
      failed += bad.length;
      passed += outcome.checks.length - bad.length;
      this.#write(
        `${bad.length === 0 ? "ok  " : "FAIL"} ${outcome.title.padEnd(72)} ${(outcome.ms / 1000).toFixed(1).padStart(6)} s\n`,
      );
      for (const check of bad)
        this.#write(`       ${check.label}${check.detail ? `: ${check.detail}` : ""}\n`);
    }
    this.#write(`${passed} checks held, ${failed} did not.\n`);
    return failed === 0;
  }
}
