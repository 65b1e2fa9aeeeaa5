import { createInterface } from "node:readline/promises";
import { systemClock } from "../../base/index.ts";

/** Where a command's words go. */
export class Terminal {
  print(text: string): void {
    process.stdout.write(text);
  }

  info(text: string): void {
    process.stderr.write(text);
  }

  /** As the docker CLI's log has it: coloured in a terminal, `key=value` in a file. */
  warn(message: string): void {
    const text = JSON.stringify(message);
    if (this.isTerminal("stderr")) {
      process.stderr.write(`\x1b[33mWARN\x1b[0m[0000] ${message} \n`);
      return;
    }
    const time = new Date(systemClock.nowMs()).toISOString().replace(/\.\d+Z$/, "Z");
    process.stderr.write(`time="${time}" level=warning msg=${text}\n`);
  }

  isTerminal(stream: "stdin" | "stdout" | "stderr"): boolean {
    return process[stream].isTTY === true;
  }

  /** The next line of standard input, empty at its end. */
  async readLine(): Promise<string> {
    for await (const line of createInterface({ input: process.stdin })) return line;
    return "";
  }

  get columns(): number {
    return process.stderr.columns || process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stderr.rows || process.stdout.rows || 24;
  }
}
