import type { SourceRange } from "../../../llb/index.ts";

interface JsonPosition {
  line?: number;
  character?: number;
}

/** A place as Go writes the message: what is zero is left out. */
export interface JsonLocation {
  ranges?: { start?: JsonPosition; end?: JsonPosition }[];
}

export function jsonLocation(ranges: readonly SourceRange[]): JsonLocation {
  if (ranges.length === 0) return {};
  return {
    ranges: ranges.map(({ start, end }) => ({
      ...(start ? { start: position(start) } : {}),
      ...(end ? { end: position(end) } : {}),
    })),
  };
}

function position({ line, character }: { line: number; character: number }): JsonPosition {
  return { ...(line === 0 ? {} : { line }), ...(character === 0 ? {} : { character }) };
}
