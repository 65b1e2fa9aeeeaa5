import type { SolveEvent } from "../../build/index.ts";
import {
  type BuildProgress,
  BuildTrace,
  createProgress,
  failedLogs,
  warningsText,
} from "../../build-client/index.ts";
import type { ComposeCall } from "./compose-call.ts";

/** What else is drawn in the terminal. */
export interface OtherDisplay {
  pause(): void;
  resume(): void;
}

/** Shows the builds of a command as `gantry build` shows one. Where it is drawn, nothing else is meanwhile. */
export class BuildDisplay {
  readonly #call: ComposeCall;
  readonly #other: OtherDisplay | undefined;
  #trace = new BuildTrace();
  #progress: BuildProgress | undefined;

  constructor(call: ComposeCall, other: OtherDisplay | undefined) {
    this.#call = call;
    this.#other = other;
  }

  begin(): void {
    const { terminal } = this.#call;
    this.#other?.pause();
    this.#trace = new BuildTrace();
    this.#progress = createProgress({
      trace: this.#trace,
      mode: this.#mode(),
      write: (text) => terminal.print(text),
      columns: () => terminal.columns,
      rows: () => terminal.rows,
      colors: this.#call.colors("stdout"),
    });
  }

  take(events: readonly SolveEvent[]): void {
    this.#progress?.take(events);
  }

  end(): void {
    const { terminal } = this.#call;
    const mode = this.#mode();
    this.#progress?.end();
    this.#progress = undefined;
    if (mode === "tty" || mode === "plain") {
      terminal.print(failedLogs(this.#trace, mode === "tty"));
      terminal.print(warningsText(this.#trace.warnings, this.#call.colors("stdout")));
    }
    this.#other?.resume();
  }

  #mode() {
    const mode = this.#call.progressMode();
    if (mode === "json") return "rawjson";
    return mode === "tty" && !this.#call.terminal.isTerminal("stdout") ? "plain" : mode;
  }
}
