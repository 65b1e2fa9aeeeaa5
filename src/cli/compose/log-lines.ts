import type { LogConsumer } from "../../compose/index.ts";

export interface LogLineOptions {
  out(text: string): void;
  err(text: string): void;
  prefix: boolean;
  colors: boolean;
  /** Put before each line, where it is wanted. */
  time?: () => string;
}

const NAMED = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const RESET_LINE = "\r\x1b[K";

/** Lines of several containers, each with the name of who said it in a column, and a colour. */
export class LogLines implements LogConsumer {
  readonly #options: LogLineOptions;
  readonly #colors = new Map<string, number>();
  #width = 0;

  constructor(options: LogLineOptions) {
    this.#options = options;
  }

  register(source: string): void {
    if (this.#colors.has(source)) return;
    this.#colors.set(source, NAMED[this.#colors.size % NAMED.length]!);
    this.#width = Math.max(this.#width, source.length + 1);
  }

  log(source: string, line: string): void {
    this.#write(this.#options.out, source, line);
  }

  error(source: string, line: string): void {
    this.#write(this.#options.err, source, line);
  }

  status(source: string, text: string): void {
    const line = `${source} ${text}`;
    if (source !== "") this.register(source);
    const { colors, out } = this.#options;
    out(colors ? `${RESET_LINE}${this.#paint(source, line)}\n` : `${line}\n`);
  }

  #write(to: (text: string) => void, source: string, line: string): void {
    this.register(source);
    const prefix = this.#options.prefix ? this.#paint(source, `${source.padEnd(this.#width)} | `) : "";
    const time = this.#options.time ? `${this.#options.time()} ` : "";
    to(`${prefix}${time}${line}\n`);
  }

  #paint(source: string, text: string): string {
    const color = this.#colors.get(source);
    return this.#options.colors && color !== undefined ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}
