import { newHexId } from "../../base/index.ts";
import type { LogLine } from "../../runtime/index.ts";
import type { LogMessage } from "./drivers/types.ts";

/** Longer lines are handed on in parts (moby's default buffer of a log copier). */
const MAX_LINE_BYTES = 16 * 1024;

interface Begun {
  timestamp: string;
  pieces: Buffer[];
  bytes: number;
  /** Once a part of it was handed on. */
  part?: { id: string; ordinal: number };
}

/** Puts lines together that the log has in pieces, for it cuts wherever a read ended. */
export class LineJoiner {
  readonly #begun = new Map<LogLine["stream"], Begun>();

  /** Messages that are whole, or as long as one may be. */
  push({ stream, timestamp, partial, data }: LogLine): LogMessage[] {
    const piece = partial || data.at(-1) !== 0x0a ? data : data.subarray(0, -1);
    const begun = this.#begun.get(stream) ?? { timestamp, pieces: [], bytes: 0 };
    begun.pieces.push(piece);
    begun.bytes += piece.length;
    const messages: LogMessage[] = [];
    while (begun.bytes > MAX_LINE_BYTES || (partial && begun.bytes === MAX_LINE_BYTES)) {
      messages.push(take(stream, begun, MAX_LINE_BYTES, false));
    }
    if (partial) this.#begun.set(stream, begun);
    else {
      this.#begun.delete(stream);
      messages.push(take(stream, begun, begun.bytes, true));
    }
    return messages;
  }

  /** What was written last, without the end of a line. */
  rest(): LogMessage[] {
    const messages = [...this.#begun].map(([stream, begun]) => take(stream, begun, begun.bytes, false));
    this.#begun.clear();
    return messages.filter(({ line }) => line.length > 0);
  }
}

function take(stream: LogLine["stream"], begun: Begun, bytes: number, isLast: boolean): LogMessage {
  const all = Buffer.concat(begun.pieces);
  const rest = all.subarray(bytes);
  begun.pieces = rest.length > 0 ? [rest] : [];
  begun.bytes = rest.length;
  const message = { stream, timestamp: begun.timestamp, line: all.subarray(0, bytes) };
  if (isLast && !begun.part) return message;
  begun.part ??= { id: newHexId(), ordinal: 0 };
  begun.part.ordinal++;
  return { ...message, part: { ...begun.part, isLast } };
}
