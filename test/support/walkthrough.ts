import { readFileSync } from "node:fs";
import { type RunOptions, type RunResult, run } from "./run.ts";

/** The commands of a README: those in the `sh` blocks below each heading of the second level, one a line. */
export class Walkthrough {
  readonly #sections = new Map<string, string[]>();
  readonly #options: RunOptions;
  readonly #edit: (command: string) => string;

  /** Commands pass through `edit` before they are run with these options. */
  constructor(readmePath: string, options: RunOptions, edit: (command: string) => string = (same) => same) {
    this.#options = options;
    this.#edit = edit;
    for (const part of readFileSync(readmePath, "utf8").split(/^## /m).slice(1)) {
      const blocks = [...part.matchAll(/^```sh\n(.*?)^```/gms)].flatMap((block) => block[1]!.split("\n"));
      const commands = blocks.filter((line) => line !== "" && !line.startsWith("#"));
      this.#sections.set(part.split("\n", 1)[0]!, commands);
    }
  }

  /** Runs a section's commands in their order; what each of them gave. */
  async run(section: string): Promise<RunResult[]> {
    const commands = this.#sections.get(section);
    if (commands === undefined) throw new Error(`there is no section ${section}`);
    const results: RunResult[] = [];
    for (const command of commands) results.push(await run("sh", ["-c", this.#edit(command)], this.#options));
    return results;
  }

  /** As `run`, where each command has to succeed; what they print. */
  async must(section: string): Promise<string[]> {
    const results = await this.run(section);
    const failed = results.findIndex(({ code }) => code !== 0);
    if (failed === -1) return results.map(({ stdout }) => stdout);
    const { code, stdout, stderr } = results[failed]!;
    const command = this.#sections.get(section)![failed];
    throw new Error(`${section}: ${command} exited with ${code}\n${stdout}${stderr}`);
  }
}
