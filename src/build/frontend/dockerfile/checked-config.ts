import { invalidArgument } from "../../../base/index.ts";
import type { ImageConfig } from "../../../formats/index.ts";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isMap: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isTextMap: Check = (value) => isMap(value) && Object.values(value as object).every(isText);

/** What of an image's configuration is read here; the rest is only passed on. */
const RUNTIME: Record<string, Check> = {
  User: isText,
  WorkingDir: isText,
  Env: isTexts,
  Cmd: isTexts,
  Entrypoint: isTexts,
  OnBuild: isTexts,
  Shell: isTexts,
  Labels: isTextMap,
  Volumes: isMap,
  ExposedPorts: isMap,
};
const TOP: Record<string, Check> = {
  os: isText,
  architecture: isText,
  variant: isText,
  author: isText,
  config: isMap,
  rootfs: isMap,
  history: (value) => Array.isArray(value) && value.every(isMap),
};

/** Fails on a configuration that is none: it comes from a registry or a client. */
export function checkedConfig(config: ImageConfig): ImageConfig {
  check(config, TOP, "");
  if (config.config) check(config.config, RUNTIME, "config.");
  return config;
}

function check(value: object, checks: Record<string, Check>, prefix: string): void {
  for (const [key, isValid] of Object.entries(checks)) {
    const field: unknown = (value as Record<string, unknown>)[key];
    if (field === undefined || field === null || isValid(field)) continue;
    throw invalidArgument(
      `failed to parse image config: field ${prefix}${key} has a value of the wrong kind`,
      {
        code: "Dockerfile.BaseConfig",
      },
    );
  }
}
