export type ProgressStatus = "working" | "done" | "warning" | "error";

/** Something that is being done: `Container shop-web-1  Starting`. */
export interface ProgressEvent {
  id: string;
  /** It is part of this one. */
  parentId?: string;
  status: ProgressStatus;
  text?: string;
  statusText?: string;
  current?: number;
  total?: number;
}

/** Shows what goes on. */
export interface Progress {
  event(event: ProgressEvent): void;
}

/** Says of one thing what is done with it. */
export class Reporter {
  readonly #progress: Progress;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  event(event: ProgressEvent): void {
    this.#progress.event(event);
  }

  working = (id: string, statusText: string) => this.event({ id, status: "working", statusText });
  done = (id: string, statusText: string) => this.event({ id, status: "done", statusText });
  warning = (id: string, statusText: string) => this.event({ id, status: "warning", statusText });
  error = (id: string, statusText: string) => this.event({ id, status: "error", statusText });
}
