import type { Progress, ProgressEvent } from "../../compose/index.ts";

/** One line for each change, for logs: ` Container shop-web-1  Started`. */
export class ProgressLines implements Progress {
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  event({ id, text = "", statusText = "" }: ProgressEvent): void {
    this.#write(` ${id} ${text} ${statusText}\n`);
  }
}

/** As JSON, one object a line. */
export class ProgressJson implements Progress {
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  event({ id, parentId, text, status, statusText, current, total }: ProgressEvent): void {
    const named = { working: "Working", done: "Done", warning: "Warning", error: "Error" }[status];
    const message = { id, parent_id: parentId, status: named, text: text || statusText, current, total };
    this.#write(`${JSON.stringify(message)}\n`);
  }
}

export const noProgress: Progress = { event: () => {} };
