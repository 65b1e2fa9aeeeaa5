import { closeSync } from "node:fs";
import { borrowDescriptor } from "../kernel/index.ts";
import { writeControl } from "./control-fifo.ts";
import { setTerminalSize } from "./native-calls.ts";

const WIN_RESIZE = 1;

/**
 * Sets the size of the terminal that a monitor holds. When this returns it has that size: whoever asked may go on with
 * input that depends on it. Only where the monitor's descriptor cannot be had it is told, and follows when it comes to it.
 */
export function resizeMonitored(
  { monitorPid, controlPath }: { monitorPid: number; controlPath: string },
  columns: number,
  rows: number,
): void {
  const master = borrowDescriptor(monitorPid, (link) => link.endsWith("/ptmx"));
  if (master === undefined) {
    // conmon refuses larger ones and would then ignore what follows in its buffer.
    const [height, width] = [rows, columns].map((value) => Math.max(0, Math.min(1000, Math.trunc(value))));
    writeControl(controlPath, `${WIN_RESIZE} ${height} ${width}\n`);
    return;
  }
  try {
    setTerminalSize(master, columns, rows);
  } finally {
    closeSync(master);
  }
}
