import type { Logger } from "../../base/index.ts";
import type { ApiContext } from "../api-context.ts";
import { toDockerError } from "./error-map.ts";
import { errorMessageLine, type JsonMessage, JsonMessageWriter } from "./json-messages.ts";

/**
 * An answer of JSON messages. The headers go out with the first message, so that what fails before it is an ordinary error
 * answer; what fails later is the stream's last message.
 */
export class MessageStream {
  readonly #context: ApiContext;
  readonly #writer: JsonMessageWriter;
  readonly #logger: Logger;

  constructor(context: ApiContext, logger: Logger) {
    this.#context = context;
    this.#writer = new JsonMessageWriter(context.res);
    this.#logger = logger;
  }

  write(message: JsonMessage): void {
    this.open();
    this.#writer.write(message);
  }

  /** Sends the headers: from here on each failure is a message. */
  open(): void {
    const { res } = this.#context;
    if (res.headersSent || res.destroyed) return;
    res.writeHead(200, { "content-type": "application/json" });
    res.flushHeaders();
  }

  /** Resolves when the client has taken what was written. */
  drained(): Promise<void> {
    return this.#writer.drained();
  }

  /** Runs the operation and ends the answer; `code` gives the number for an error that has one of its own. */
  async run(operation: () => Promise<void>, code?: (error: unknown) => number | undefined): Promise<void> {
    const { res } = this.#context;
    try {
      await operation();
    } catch (error) {
      if (!res.headersSent) throw error;
      this.#writer.write(errorMessageLine(toDockerError(error, this.#logger).message, code?.(error)));
    }
    if (!res.headersSent) res.writeHead(200, { "content-type": "application/json" });
    res.end();
  }
}
