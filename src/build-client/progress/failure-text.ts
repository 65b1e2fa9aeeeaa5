import { GrpcError } from "../../buildkit-api/index.ts";
import type { BuildTrace } from "./build-trace.ts";

interface Position {
  line?: number;
}

interface Source {
  info?: { filename?: string; data?: string };
  ranges?: { start?: Position; end?: Position }[];
}

const SOURCE = "github.com/moby/buildkit/errdefs.Source+json";
/** With the fault and as many lines before and after it. */
const LINES_AROUND = 4;
const LINES_AROUND_SEVERAL = 2;
const RULE = "--------------------";

/** What failed operations said, between rules (progressui, printErrorLogs). */
export function failedLogs({ started }: BuildTrace, isInTerminal: boolean): string {
  return started
    .filter(({ error, isCanceled }) => error !== "" && !isCanceled)
    .map(({ name, lines }) => {
      // Lines for a log have told all of it already.
      const told = isInTerminal ? lines : lines.slice(-10);
      return `------\n > ${name}:\n${told.map((line) => `${line}\n`).join("")}------\n`;
    })
    .join("");
}

/** The lines of the Dockerfile around a fault (solver/errdefs, Source.Print). `fileName` is what the file is called here. */
export function failureSources(error: unknown, fileName: string): string {
  if (!(error instanceof GrpcError)) return "";
  return error.details
    .filter(({ typeUrl }) => typeUrl === SOURCE)
    .map(({ value }) => excerpt(JSON.parse(Buffer.from(value).toString()) as Source, fileName))
    .join("");
}

function excerpt({ info, ranges = [] }: Source, fileName: string): string {
  if (!info || ranges.length === 0) return "";
  const lines = Buffer.from(info.data ?? "", "base64")
    .toString()
    .split("\n");
  const marked = ranges.map(({ start, end }) => {
    const first = start?.line ?? 0;
    return { first, last: Math.max(end?.line ?? 0, first) };
  });
  const first = Math.min(...marked.map((range) => range.first));
  const last = Math.min(lines.length, Math.max(...marked.map((range) => range.last)));
  if (first < 1 || first > lines.length) return "";
  const { from, to } = widened(first, last, lines.length);
  const shown = lines.slice(from - 1, to).map((line, index) => {
    const number = from + index;
    const isMarked = marked.some((range) => range.first <= number && number <= range.last);
    return ` ${String(number).padStart(3)} | ${isMarked ? ">>>" : "   "} ${line}\n`;
  });
  return `${fileName}:${first}\n${RULE}\n${shown.join("")}${RULE}\n`;
}

/** A line before and one after at a time; what there is not counts too. */
function widened(first: number, last: number, count: number): { from: number; to: number } {
  const wanted = first === last ? LINES_AROUND : LINES_AROUND_SEVERAL;
  let [from, to, taken] = [first, last, 0];
  while (taken < wanted) {
    if (from > 1) {
      from--;
      taken++;
    }
    if (to < count) {
      to++;
      taken++;
    }
    taken++;
  }
  return { from, to };
}
