import { parseGoBool, parseSizeText } from "../../../formats/index.ts";
import { invalidRequest } from "../../errors.ts";
import { fluentdDriver } from "./fluentd.ts";
import { gelfDriver } from "./gelf.ts";
import { journaldDriver } from "./journald.ts";
import { refuseUnknownOptions } from "./refuse-unknown-options.ts";
import { syslogDriver } from "./syslog.ts";
import type { LogDriver, LogOptionValues } from "./types.ts";

/** Drivers that hand lines on. The machine's own file is written whatever the driver, and what `docker logs` reads. */
export const LOG_DRIVERS: Readonly<Record<string, LogDriver>> = {
  fluentd: fluentdDriver,
  gelf: gelfDriver,
  journald: journaldDriver(),
  syslog: syslogDriver,
};

const FILE_OPTIONS = [
  "compress",
  "labels",
  "labels-regex",
  "env",
  "env-regex",
  "max-file",
  "max-size",
  "tag",
];
const FILE_DRIVERS = ["json-file", "local"];
/** What any driver takes: how lines are passed on, and the file beside it (moby's dual logging). */
const COMMON_OPTIONS = [
  ...["mode", "max-buffer-size"],
  ...["cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"],
];

/** Refuses drivers that there are not and options that they do not take, in moby's words (logger.ValidateLogOpts). */
export function checkLogOptions(driver: string, options: LogOptionValues): void {
  if (driver === "none") return;
  checkMode(options);
  const disabled = options["cache-disabled"];
  if (disabled && parseGoBool(disabled) === undefined) {
    throw invalidRequest(`invalid value for option cache-disabled: ${disabled}`);
  }
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => !COMMON_OPTIONS.includes(name)));
  if (Object.hasOwn(LOG_DRIVERS, driver)) {
    LOG_DRIVERS[driver]!.check(own);
    return;
  }
  if (!FILE_DRIVERS.includes(driver)) {
    throw invalidRequest(`error looking up logging plugin ${driver}: plugin "${driver}" not found`);
  }
  refuseUnknownOptions(own, FILE_OPTIONS, driver);
}

function checkMode({ mode = "", "max-buffer-size": size }: LogOptionValues): void {
  if (!["", "blocking", "non-blocking"].includes(mode)) {
    throw invalidRequest(`logger: logging mode not supported: ${mode}`);
  }
  if (size === undefined) return;
  if (mode !== "non-blocking") {
    throw invalidRequest("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  if (parseSizeText(size) === undefined) {
    throw invalidRequest(`error parsing option max-buffer-size: invalid size: '${size}'`);
  }
}

/** Whether `docker logs` can read what the container wrote. */
export function isLogReadable(
  driver: string | undefined,
  options: LogOptionValues | null | undefined,
): boolean {
  if (driver === "none") return false;
  return (
    !Object.hasOwn(LOG_DRIVERS, driver ?? "") || parseGoBool(options?.["cache-disabled"] || "false") !== true
  );
}
