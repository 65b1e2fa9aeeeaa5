import { invalidArgument } from "../../base/index.ts";
import { compileGoRegexp, parseCsv, parseGoDuration, type protobuf } from "../../formats/index.ts";
import { GrpcCode } from "../grpc/index.ts";
import { msOf } from "../messages/common-messages.ts";
import type { HistoryRecord } from "../messages/control-messages.ts";

type Record = protobuf.Message<typeof HistoryRecord>;
type Matches = (record: Record) => boolean;

/** Filters of the build history (llbsolver/history, filter.go): one of them has to fit, and of it every part between commas. */
export function historyFilter(filters: readonly string[], nowMs: number): Matches {
  const parsed = filters.map((filter) =>
    parseCsv(filter)
      .flat()
      .map((part) => partOf(part, nowMs)),
  );
  if (parsed.length === 0) return () => true;
  return (record) => parsed.some((parts) => parts.every((matches) => matches(record)));
}

function partOf(part: string, nowMs: number): Matches {
  const timed = /^(startedAt|completedAt|duration)(>=|<=|>|<)(.*)$/s.exec(part);
  if (timed) return timeFilter(timed[1]!, timed[2]!, timed[3]!, nowMs);
  const [, field = "", operator, quoted = ""] = /^(ref|status|repository)(==|!=|~=)(.*)$/s.exec(part) ?? [];
  if (operator === undefined) throw invalidArgument(`failed to parse history filters ${part}`);
  const value = quoted.replace(/^"(.*)"$/s, "$1");
  const read = FIELDS[field as keyof typeof FIELDS];
  if (operator === "==") return (record) => read(record) === value;
  if (operator === "!=") return (record) => read(record) !== value;
  const pattern = compileGoRegexp(value);
  return (record) => pattern.test(read(record));
}

const FIELDS = {
  ref: ({ ref }: Record) => ref,
  status: ({ completedAt, error }: Record) => {
    if (!completedAt) return "running";
    if (!error) return "completed";
    return error.code === GrpcCode.CANCELLED ? "canceled" : "error";
  },
  repository: ({ frontendAttrs }: Record) => frontendAttrs["vcs:source"] ?? frontendAttrs.context ?? "",
};

function timeFilter(field: string, operator: string, text: string, nowMs: number): Matches {
  const durationNs = parseGoDuration(text);
  const durationMs = durationNs === undefined ? undefined : durationNs / 1e6;
  const timeMs = Date.parse(text);
  if (durationMs === undefined && (field === "duration" || Number.isNaN(timeMs)))
    throw invalidArgument(`invalid ${field === "duration" ? "duration" : "time"} ${text}`);
  const wantedMs =
    field === "duration" ? durationMs! : durationMs === undefined ? timeMs : nowMs - durationMs;
  return (record) => {
    const startedMs = msOf(record.createdAt) ?? 0;
    const endedMs = msOf(record.completedAt);
    const ms =
      field === "startedAt"
        ? startedMs
        : field === "completedAt"
          ? (endedMs ?? 0)
          : (endedMs ?? startedMs) - startedMs;
    if (operator === ">=") return ms >= wantedMs;
    if (operator === "<=") return ms <= wantedMs;
    return operator === ">" ? ms > wantedMs : ms < wantedMs;
  };
}
