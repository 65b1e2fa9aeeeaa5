/** Texts that wait to be written, as many as there is room for. */
export class EventBuffer {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #waiting: string[] = [];
  #bytes = 0;
  #whenChanged: (() => void)[] = [];
  #isClosed = false;

  constructor({ maxEvents, maxBytes }: { maxEvents: number; maxBytes: number }) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < this.#maxEvents && this.#bytes < this.#maxBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether there is room for it or not; ignored after `close`. */
  push(text: string): void {
    if (this.#isClosed) return;
    this.#waiting.push(text);
    this.#bytes += text.length;
    this.#tell();
  }

  /** The oldest, at most so many. */
  take(maxEvents: number): string[] {
    const taken = this.#waiting.splice(0, maxEvents);
    for (const text of taken) this.#bytes -= text.length;
    this.#tell();
    return taken;
  }

  /** Resolves when `holds` does, and when nothing more comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#whenChanged.push(resolve));
    }
  }

  /** Nothing more is taken; what waits can still be had. */
  close(): void {
    this.#isClosed = true;
    this.#tell();
  }

  /** Has those who wait look again. */
  wake(): void {
    this.#tell();
  }

  #tell(): void {
    const all = this.#whenChanged;
    this.#whenChanged = [];
    for (const resolve of all) resolve();
  }
}
