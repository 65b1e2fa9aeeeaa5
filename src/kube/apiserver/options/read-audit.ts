import type { Logger } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import { AUDIT_MODES, type AuditMode } from "../audit/audit-backend.ts";
import { readAuditPolicy } from "../audit/read-audit-policy.ts";
import type { AuditLogFlags, AuditOptions, AuditWebhookFlags } from "../audit/server-audit.ts";
import { readKubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import { fileOf, type OptionProblems } from "./option-problems.ts";

const VERSION = "audit.k8s.io/v1";
const FORMATS = ["legacy", "json"];

export interface AuditEnvironment {
  logger: Logger;
  /** Where an audit log goes whose path is `-`. */
  writeOut: (text: string) => void;
}

/** `--audit-…` (apiserver's options AuditOptions); undefined without a policy, or where events would go nowhere. */
export async function readAudit(
  flags: FlagValues,
  problems: OptionProblems,
  { logger, writeOut }: AuditEnvironment,
): Promise<AuditOptions | undefined> {
  const log = flags.text("audit-log-path") === "" ? undefined : readLog(flags, problems, writeOut);
  const webhook = await readWebhook(flags, problems);
  const path = flags.text("audit-policy-file");
  const text = await problems.during(() => fileOf(flags, "audit-policy-file"));
  const policy = text && (await problems.during(() => readAuditPolicy({ path, text, logger })));
  if (!policy || !(log || webhook)) {
    if (policy || log || webhook)
      logger.info("no audit log is written: it takes a policy, and a file or a webhook");
    return undefined;
  }
  return { policy, ...(log ? { log } : {}), ...(webhook ? { webhook } : {}) };
}

function readLog(
  flags: FlagValues,
  problems: OptionProblems,
  writeOut: (text: string) => void,
): AuditLogFlags {
  checkBackend(flags, problems, "log");
  const format = flags.text("audit-log-format");
  if (!FORMATS.includes(format))
    problems.add(
      `invalid audit log format ${format}, allowed formats are ${JSON.stringify(FORMATS.join(","))}`,
    );
  for (const name of ["audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"])
    if (flags.number(name) < 0) problems.add(`--${name} ${flags.number(name)} can't be a negative number`);
  const path = flags.text("audit-log-path");
  const file = {
    path,
    maxAgeDays: flags.number("audit-log-maxage"),
    maxBackups: flags.number("audit-log-maxbackup"),
    maxSizeMib: flags.number("audit-log-maxsize"),
    compresses: flags.flag("audit-log-compress"),
  };
  return {
    to: path === "-" ? writeOut : file,
    mode: flags.text("audit-log-mode") as AuditMode,
    format: format as "json" | "legacy",
    bufferSize: flags.number("audit-log-batch-buffer-size"),
    ...truncationOf(flags, "log"),
  };
}

async function readWebhook(
  flags: FlagValues,
  problems: OptionProblems,
): Promise<AuditWebhookFlags | undefined> {
  const path = flags.text("audit-webhook-config-file");
  if (path === "") return undefined;
  checkBackend(flags, problems, "webhook");
  const target = await problems.during(() => readKubeconfigTarget(path));
  const throttle = {
    batchesPerSecond: flags.number("audit-webhook-batch-throttle-qps"),
    burst: flags.number("audit-webhook-batch-throttle-burst"),
  };
  return (
    target && {
      target,
      mode: flags.text("audit-webhook-mode") as AuditMode,
      batches: {
        bufferSize: flags.number("audit-webhook-batch-buffer-size"),
        maxBatchSize: flags.number("audit-webhook-batch-max-size"),
        maxWaitMs: flags.milliseconds("audit-webhook-batch-max-wait"),
        ...(flags.flag("audit-webhook-batch-throttle-enable") ? { throttle } : {}),
      },
      initialBackoffMs: flags.milliseconds("audit-webhook-initial-backoff"),
      ...truncationOf(flags, "webhook"),
    }
  );
}

function truncationOf(flags: FlagValues, plugin: string): { maxEventBytes?: number } {
  if (!flags.flag(`audit-${plugin}-truncate-enabled`)) return {};
  return { maxEventBytes: flags.number(`audit-${plugin}-truncate-max-event-size`) };
}

function checkBackend(flags: FlagValues, problems: OptionProblems, plugin: "log" | "webhook"): void {
  const mode = flags.text(`audit-${plugin}-mode`);
  const positive = (flag: string, what: string) => {
    const value = flags.number(`audit-${plugin}-batch-${flag}`);
    if (value <= 0) problems.add(`invalid audit batch ${plugin} ${what} ${value}, must be a positive number`);
  };
  if (!(AUDIT_MODES as readonly string[]).includes(mode))
    problems.add(
      `invalid audit ${plugin} mode ${mode}, allowed modes are ${JSON.stringify(AUDIT_MODES.join(","))}`,
    );
  if (mode === "batch") {
    positive("buffer-size", "buffer size");
    positive("max-size", "max batch size");
    if (flags.flag(`audit-${plugin}-batch-throttle-enable`)) {
      positive("throttle-qps", "throttle QPS");
      positive("throttle-burst", "throttle burst");
    }
  }
  const eventBytes = flags.number(`audit-${plugin}-truncate-max-event-size`);
  const batchBytes = flags.number(`audit-${plugin}-truncate-max-batch-size`);
  if (eventBytes <= 0)
    problems.add(`invalid audit truncate ${plugin} max event size ${eventBytes}, must be a positive number`);
  if (batchBytes < eventBytes)
    problems.add(
      `invalid audit truncate ${plugin} max batch size ${batchBytes}, must be greater than max event size (${eventBytes})`,
    );
  if (flags.text(`audit-${plugin}-version`) !== VERSION)
    problems.add(`invalid group version, allowed versions are ["${VERSION}"]`);
}
