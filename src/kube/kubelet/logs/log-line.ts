/** One line of a log in CRI's format: `<RFC3339Nano> stdout|stderr P|F <content>`. */
export interface LogLine {
  timestamp: string;
  stream: "stdout" | "stderr";
  /** The program's line goes on in the next entry of the same stream. */
  partial: boolean;
  content: Buffer;
}

const SPACE = 0x20;

/** Undefined for what is not such a line (a torn one after a crash). `line` comes without its newline. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = first < 0 ? -1 : line.indexOf(SPACE, first + 1);
  if (second < 0) return undefined;
  const third = line.indexOf(SPACE, second + 1);
  const stream = line.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const tags = line.toString("latin1", second + 1, third < 0 ? line.length : third);
  const tag = tags.split(":")[0];
  if (tag !== "P" && tag !== "F") return undefined;
  return {
    timestamp: line.toString("latin1", 0, first),
    stream,
    partial: tag === "P",
    content: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}
