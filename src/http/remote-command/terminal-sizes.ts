import { Writable } from "node:stream";

type ResizeListener = (columns: number, rows: number) => void;

const MAX_PENDING_BYTES = 4096;

/** Reads the resize stream: JSON objects `{"Width":80,"Height":24}`, one after the other. Remembers the newest for listeners. */
export class TerminalSizes extends Writable {
  readonly #listeners: ResizeListener[] = [];
  #newest: { columns: number; rows: number } | undefined;
  #pending = "";

  onResize(listener: ResizeListener): void {
    this.#listeners.push(listener);
    if (this.#newest) listener(this.#newest.columns, this.#newest.rows);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const texts = (this.#pending + chunk.toString()).split("}");
    this.#pending = texts.pop()!.slice(0, MAX_PENDING_BYTES);
    for (const text of texts) this.#tell(`${text}}`);
    done();
  }

  #tell(text: string): void {
    const size = parseSize(text);
    if (!size) return;
    this.#newest = size;
    for (const listener of this.#listeners) listener(size.columns, size.rows);
  }
}

function parseSize(text: string): { columns: number; rows: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    const fits = (value: unknown): value is number =>
      Number.isInteger(value) && (value as number) > 0 && (value as number) < 0x10000;
    return fits(Width) && fits(Height) ? { columns: Width, rows: Height } : undefined;
  } catch {
    return undefined;
  }
}
