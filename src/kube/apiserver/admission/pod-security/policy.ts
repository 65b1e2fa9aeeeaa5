import { type FieldError, invalid } from "../../../api/index.ts";
import { isLevel, isSame, isStricter, LEVELS, type LevelVersion, PRIVILEGED, parseVersion } from "./level.ts";

/** `enforce` refuses, `audit` tells the audit log, `warn` tells the client. */
export const MODES = ["enforce", "audit", "warn"] as const;
export type Mode = (typeof MODES)[number];
export type Policy = Record<Mode, LevelVersion>;
export type Labels = Record<string, string>;

export interface PolicyOfNamespace {
  policy: Policy;
  /** What is wrong with the labels. */
  errors: FieldError[];
}

/** Of the labels on namespaces, and of audit annotations. */
export const PREFIX = "pod-security.kubernetes.io/";
export const levelLabel = (mode: Mode) => `${PREFIX}${mode}`;
export const versionLabel = (mode: Mode) => `${PREFIX}${mode}-version`;

export const PRIVILEGED_POLICY: Policy = { enforce: PRIVILEGED, audit: PRIVILEGED, warn: PRIVILEGED };

/**
 * What a namespace's labels ask for, the defaults where they are silent. There is a policy even where labels are wrong:
 * enforcement is then as strict as can be, auditing and warnings are off (pod-security-admission PolicyToEvaluate).
 */
export function policyOf(labels: Labels | undefined, defaults: Policy): PolicyOfNamespace {
  const errors: FieldError[] = [];
  const read = (mode: Mode) => readMode(mode, labels ?? {}, defaults[mode], errors);
  const policy = { enforce: read("enforce"), audit: read("audit"), warn: read("warn") };
  return { policy: warnOfEnforced(policy, labels ?? {}), errors };
}

function readMode(mode: Mode, labels: Labels, defaults: LevelVersion, errors: FieldError[]): LevelVersion {
  const refuse = (label: string, why: string) =>
    errors.push(invalid(`metadata.labels[${label}]`, labels[label], why));
  let { level, version } = defaults;
  const writtenLevel = labels[levelLabel(mode)];
  if (writtenLevel !== undefined) {
    const isRight = isLevel(writtenLevel);
    level = isRight ? writtenLevel : mode === "enforce" ? "restricted" : "privileged";
    if (!isRight) refuse(levelLabel(mode), `must be one of ${LEVELS.join(", ")}`);
  }
  const writtenVersion = labels[versionLabel(mode)];
  if (writtenVersion !== undefined) {
    const parsed = parseVersion(writtenVersion);
    version = parsed ?? "latest";
    if (parsed === undefined) refuse(versionLabel(mode), 'must be "latest" or "v1.x"');
  }
  return { level, version };
}

/** Who asks for enforcement and says nothing of warnings is warned of the same, for the controllers' templates. */
function warnOfEnforced(policy: Policy, labels: Labels): Policy {
  const { enforce, warn } = policy;
  const isAsked = isLevel(labels[levelLabel("enforce")] ?? "");
  if (levelLabel("warn") in labels || !isAsked || !isStricter(enforce.level, warn.level)) return policy;
  const version = versionLabel("warn") in labels ? warn.version : enforce.version;
  return { ...policy, warn: { level: enforce.level, version } };
}

export const isFullyPrivileged = (policy: Policy): boolean =>
  MODES.every((mode) => policy[mode].level === "privileged");

/** Whether two policies let through the same: of what is privileged, the version does not count. */
export const isEquivalent = (a: Policy, b: Policy): boolean =>
  MODES.every((mode) => isSame(a[mode], b[mode]) || [a, b].every((one) => one[mode].level === "privileged"));
