import { goDurationProblem, parseGoDuration } from "../go-duration.ts";
import type { HealthcheckConfig } from "../oci-types.ts";
import { syntaxError } from "./errors.ts";
import { parseFlags } from "./flags.ts";
import type { RawInstruction } from "./lines.ts";
import { parseJsonArray } from "./words.ts";

const MINIMUM_NS = 1_000_000;

/** `HEALTHCHECK [flags] CMD …` or `HEALTHCHECK NONE`. */
export function parseHealthcheck(raw: RawInstruction): HealthcheckConfig {
  const [, word, rest] = /^(\S*)\s*([\s\S]*)$/.exec(raw.rest)!;
  if (word === "") throw syntaxError("HEALTHCHECK requires at least one argument");
  const type = word!.toUpperCase();
  if (type === "NONE") {
    if (rest !== "") throw syntaxError("HEALTHCHECK NONE takes no arguments");
    return { Test: ["NONE"] };
  }
  const flags = parseFlags(raw.flags, {
    interval: "string",
    timeout: "string",
    "start-period": "string",
    "start-interval": "string",
    retries: "string",
  });
  if (type !== "CMD") throw syntaxError(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  const argv = parseJsonArray(rest!);
  if (argv ? argv.length === 0 : rest === "") throw syntaxError("Missing command after HEALTHCHECK CMD");
  return {
    Test: argv ? ["CMD", ...argv] : ["CMD-SHELL", rest!],
    ...durationField("Interval", flags.text("interval"), "interval"),
    ...durationField("Timeout", flags.text("timeout"), "timeout"),
    ...durationField("StartPeriod", flags.text("start-period"), "start-period"),
    ...durationField("StartInterval", flags.text("start-interval"), "start-interval"),
    ...retriesField(flags.text("retries")),
  };
}

function durationField(key: keyof HealthcheckConfig, text: string, flag: string): HealthcheckConfig {
  if (text === "") return {};
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds === undefined) throw syntaxError(goDurationProblem(text)!);
  if (nanoseconds === 0) return {};
  if (nanoseconds < MINIMUM_NS) throw syntaxError(`Interval ${JSON.stringify(flag)} cannot be less than 1ms`);
  return { [key]: nanoseconds };
}

function retriesField(text: string): HealthcheckConfig {
  if (text === "") return {};
  if (!/^[+-]?\d{1,9}$/.test(text)) {
    throw syntaxError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const retries = Number(text);
  if (retries < 0) throw syntaxError(`--retries cannot be negative (${retries})`);
  return retries === 0 ? {} : { Retries: retries };
}
