import { systemClock } from "./clock.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Record<string, unknown>;

/** Structured logger. `with` gives a child whose lines carry more fields (`component`, `pod`, `container`, …). */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  with(fields: LogFields): Logger;
}

/** Takes one finished line without its newline. */
export type LogSink = (line: string, level: LogLevel) => void;

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

class LineLogger implements Logger {
  readonly #sink: LogSink;
  readonly #minimum: LogLevel;
  readonly #fields: LogFields;

  constructor(sink: LogSink, minimum: LogLevel, fields: LogFields) {
    this.#sink = sink;
    this.#minimum = minimum;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }
  with(fields: LogFields): Logger {
    return new LineLogger(this.#sink, this.#minimum, { ...this.#fields, ...fields });
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (ORDER[level] < ORDER[this.#minimum]) return;
    const time = new Date(systemClock.nowMs()).toISOString();
    let line = `${time} ${level.toUpperCase().padEnd(5)} ${message}`;
    for (const [key, value] of Object.entries({ ...this.#fields, ...fields })) {
      if (value !== undefined) line += ` ${key}=${formatValue(value)}`;
    }
    this.#sink(line, level);
  }
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message);
  if (typeof value === "string") return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? String(value);
}

/** A logger that writes `time LEVEL message key=value…` lines to `sink`. */
export function createLogger(sink: LogSink, minimum: LogLevel = "info"): Logger {
  return new LineLogger(sink, minimum, {});
}

export const silentLogger: Logger = createLogger(() => {}, "error");
