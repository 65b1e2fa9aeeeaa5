import { invalidArgument } from "../base/index.ts";
import { goDurationProblem, parseGoDuration } from "./go-duration.ts";
import { timeZoneProblem, WallClock } from "./time-zone.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A schedule that names no time within these has none. */
const YEARS_AHEAD = 5;

/** When something is due, again and again. */
export interface CronSchedule {
  /** The first time after an instant (both in milliseconds since the epoch), or undefined where there is none within five years. */
  next(afterMs: number): number | undefined;
}

/**
 * A schedule as Kubernetes' CronJobs have it (the standard parser of robfig/cron v3): minute, hour, day of month, month,
 * day of week; or `@daily` and the like; or `@every 1h30m`. `TZ=Europe/Paris` may stand before it and wins over `timeZone`,
 * without which the machine's zone counts. An hour that the clocks skip is not run, one that comes twice runs twice.
 * Throws InvalidArgument in that parser's words.
 */
export function parseCronSchedule(text: string, timeZone?: string): CronSchedule {
  if (text === "") throw invalidArgument("empty spec string");
  const [, zone = timeZone, spec = text] = /^(?:CRON_)?TZ=([^ ]*)(.*)$/s.exec(text) ?? [];
  const why = zone === undefined ? undefined : timeZoneProblem(zone);
  if (why !== undefined) throw invalidArgument(`provided bad location ${zone}: ${why}`);
  return parseSpec(spec === text ? text : spec.trim(), zone);
}

function parseSpec(spec: string, zone: string | undefined): CronSchedule {
  if (spec.startsWith(EVERY)) return everySchedule(spec);
  if (!spec.startsWith("@")) return fieldsSchedule(spec, zone);
  const meant = DESCRIPTORS[spec];
  if (meant === undefined) throw invalidArgument(`unrecognized descriptor: ${spec}`);
  return fieldsSchedule(meant, zone);
}

const EVERY = "@every ";
const DESCRIPTORS: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Whole seconds, one at least. */
function everySchedule(spec: string): CronSchedule {
  const text = spec.slice(EVERY.length);
  const why = goDurationProblem(text);
  if (why !== undefined) throw invalidArgument(`failed to parse duration ${spec}: ${why}`);
  const delayMs = Math.max(1, Math.floor(parseGoDuration(text)! / 1e9)) * 1000;
  return { next: (afterMs) => Math.floor((afterMs + delayMs) / 1000) * 1000 };
}

interface FieldRule {
  min: number;
  max: number;
  /** Three letters each, for the values from `min` on. */
  names?: string[];
}

const MINUTES: FieldRule = { min: 0, max: 59 };
const HOURS: FieldRule = { min: 0, max: 23 };
const DAYS: FieldRule = { min: 1, max: 31 };
const MONTHS: FieldRule = {
  min: 1,
  max: 12,
  names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" "),
};
const WEEKDAYS: FieldRule = { min: 0, max: 6, names: "sun mon tue wed thu fri sat".split(" ") };
const FIELDS = [MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS];

interface Field {
  /** Ascending. */
  values: readonly number[];
  /** It names every value by a star: then the other one of the two kinds of days decides. */
  isStar: boolean;
}

function fieldsSchedule(spec: string, zone: string | undefined): CronSchedule {
  const texts = spec.split(/\s+/).filter((text) => text !== "");
  if (texts.length !== FIELDS.length) {
    throw invalidArgument(
      `expected exactly ${FIELDS.length} fields, found ${texts.length}: [${texts.join(" ")}]`,
    );
  }
  const [minute, hour, day, month, weekday] = texts.map((text, index) => parseField(text, FIELDS[index]!));
  const isLocal = zone === undefined || zone === "Local";
  return new FieldsSchedule(
    { minute: minute!, hour: hour!, day: day!, month: month!, weekday: weekday! },
    new WallClock(isLocal ? undefined : zone || "UTC"),
  );
}

function parseField(text: string, rule: FieldRule): Field {
  const ranges = text.split(",").filter((range) => range !== "");
  const parsed = ranges.map((range) => parseRange(range, rule));
  return {
    values: parsed.flatMap(({ values }) => values).sort((a, b) => a - b),
    isStar: parsed.some(({ isStar }) => isStar),
  };
}

/** `5`, `1-5`, `*`, each with `/step`. */
function parseRange(text: string, rule: FieldRule): Field {
  const [range = "", stepText, ...tooManySteps] = text.split("/");
  const [low = "", high, ...tooManyEnds] = range.split("-");
  const isAll = low === "*" || low === "?";
  const start = isAll ? rule.min : parseValue(low, rule);
  if (!isAll && tooManyEnds.length > 0) throw invalidArgument(`too many hyphens: ${text}`);
  let end = isAll ? rule.max : high === undefined ? start : parseValue(high, rule);
  if (tooManySteps.length > 0) throw invalidArgument(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // From the one value on, then.
  if (stepText !== undefined && high === undefined) end = rule.max;
  checkRange({ start, end, step }, rule, text);
  const count = Math.floor((end - start) / step) + 1;
  return {
    values: Array.from({ length: count }, (_, index) => start + index * step),
    isStar: isAll && step === 1,
  };
}

function checkRange(
  { start, end, step }: { start: number; end: number; step: number },
  { min, max }: FieldRule,
  text: string,
): void {
  if (start < min) throw invalidArgument(`beginning of range (${start}) below minimum (${min}): ${text}`);
  if (end > max) throw invalidArgument(`end of range (${end}) above maximum (${max}): ${text}`);
  if (start > end)
    throw invalidArgument(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw invalidArgument(`step of range should be a positive number: ${text}`);
}

function parseValue(text: string, { min, names = [] }: FieldRule): number {
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? parseNumber(text) : min + index;
}

const MAX_INT64 = 2n ** 63n - 1n;

function parseNumber(text: string): number {
  const isNumber = /^[+-]?\d+$/.test(text);
  const value = isNumber ? BigInt(text.replace("+", "")) : 0n;
  const isInRange = value <= MAX_INT64 && value >= -MAX_INT64 - 1n;
  if (!isNumber || !isInRange) {
    const why = isNumber ? "value out of range" : "invalid syntax";
    throw invalidArgument(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`,
    );
  }
  if (value < 0n) throw invalidArgument(`negative number (${value}) not allowed: ${text}`);
  return Number(value);
}

interface Fields {
  minute: Field;
  hour: Field;
  day: Field;
  month: Field;
  weekday: Field;
}

class FieldsSchedule implements CronSchedule {
  readonly #fields: Fields;
  readonly #clock: WallClock;

  constructor(fields: Fields, clock: WallClock) {
    this.#fields = fields;
    this.#clock = clock;
  }

  next(afterMs: number): number | undefined {
    const { minute, hour, month } = this.#fields;
    if ([minute, hour, month].some(({ values }) => values.length === 0)) return undefined;
    let ms = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    const lastYear = new Date(this.#clock.shownAt(ms)).getUTCFullYear() + YEARS_AHEAD;
    for (;;) {
      const shown = new Date(this.#clock.shownAt(ms));
      if (shown.getUTCFullYear() > lastYear) return undefined;
      const later = this.#nextToTry(shown, ms);
      if (later === undefined) return ms;
      ms = later;
    }
  }

  /** The next instant that may be one of the schedule; undefined where `ms` is, at which the clock shows `shown`. */
  #nextToTry(shown: Date, ms: number): number | undefined {
    const { minute, hour, month } = this.#fields;
    if (!month.values.includes(shown.getUTCMonth() + 1))
      return this.#clock.instantOf(Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1, 1), ms);
    if (!this.#isDay(shown))
      return this.#clock.instantOf(Math.floor(shown.getTime() / DAY_MS) * DAY_MS + DAY_MS, ms);
    // Within an hour by elapsed time: what the clocks show once more is looked at once more.
    const now = shown.getUTCMinutes();
    if (!hour.values.includes(shown.getUTCHours())) return ms + (60 - now) * MINUTE_MS;
    if (minute.values.includes(now)) return undefined;
    return ms + ((minute.values.find((one) => one > now) ?? 60) - now) * MINUTE_MS;
  }

  /** Of two kinds of days that are both restricted either is enough. */
  #isDay(shown: Date): boolean {
    const { day, weekday } = this.#fields;
    const isDay = day.values.includes(shown.getUTCDate());
    const isWeekday = weekday.values.includes(shown.getUTCDay());
    return day.isStar || weekday.isStar ? isDay && isWeekday : isDay || isWeekday;
  }
}
