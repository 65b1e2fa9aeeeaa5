import { DockerfileError } from "../../../formats/index.ts";
import type { SourceInfo, SourceRange } from "../../llb/index.ts";
import { withLocation } from "../located-error.ts";

/** Lines of a text, both included, from 1. */
export interface LineRange {
  start: number;
  end: number;
}

const MAX_RANGES = 1000;

/** The text of a Dockerfile, and how places in it are told. */
export class SourceMap {
  readonly info: SourceInfo;

  constructor(filename: string, data: Buffer) {
    this.info = { filename, data, language: "Dockerfile" };
  }

  /** One range a line, as BuildKit has it; of very many lines the last range has the rest. */
  ranges({ start, end }: LineRange): SourceRange[] {
    const last = Math.max(start, end);
    return Array.from({ length: Math.min(last - start + 1, MAX_RANGES) }, (_, index) => ({
      start: { line: start + index, character: 0 },
      end: { line: index === MAX_RANGES - 1 ? last : start + index, character: 0 },
    }));
  }

  /** The error with its place. */
  locate(error: unknown, lines: LineRange | undefined): unknown {
    return lines ? withLocation(error, { info: this.info, ranges: this.ranges(lines) }) : error;
  }

  /** Runs what an instruction asks for; what goes wrong is told with its lines. */
  at<T>(lines: LineRange | undefined, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.locate(error, lines);
    }
  }

  async atAsync<T>(lines: LineRange | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.locate(error, lines);
    }
  }

  /** A mistake that the parser found, in BuildKit's words. */
  ofParser(error: unknown): unknown {
    if (!(error instanceof DockerfileError)) return error;
    const ranges = this.ranges({ start: error.line, end: error.endLine });
    return withLocation(error, { info: this.info, ranges }, error.plainMessage);
  }
}

export function linesOf({ line, endLine }: { line: number; endLine: number }): LineRange {
  return { start: line, end: endLine };
}
