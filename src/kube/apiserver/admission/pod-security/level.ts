/** How strict, from the least on. */
export const LEVELS = ["privileged", "baseline", "restricted"] as const;
export type Level = (typeof LEVELS)[number];

/** A revision of the policies: the minor version x of `v1.x`, or the newest. */
export type PolicyVersion = number | "latest";

export interface LevelVersion {
  level: Level;
  version: PolicyVersion;
}

export const PRIVILEGED: LevelVersion = { level: "privileged", version: "latest" };

const MAX_INT64 = 2 ** 63;

export const isLevel = (text: string): text is Level => (LEVELS as readonly string[]).includes(text);

export const isStricter = (a: Level, b: Level): boolean => LEVELS.indexOf(a) > LEVELS.indexOf(b);

/** `latest` or `v1.x`; undefined for anything else. */
export function parseVersion(text: string): PolicyVersion | undefined {
  if (text === "latest") return text;
  const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(text)?.[1];
  return minor === undefined || Number(minor) >= MAX_INT64 ? undefined : Number(minor);
}

/** `restricted:v1.30`, `baseline:latest`. */
export function levelVersionText({ level, version }: LevelVersion): string {
  return `${level}:${version === "latest" ? version : `v1.${version}`}`;
}

export const isSame = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === b.level && a.version === b.version;
