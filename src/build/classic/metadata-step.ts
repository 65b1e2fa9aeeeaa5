import { posix } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import {
  type CommandLine,
  expandWord,
  type ImageRuntimeConfig,
  type Instruction,
  type InstructionBody,
  type Variables,
} from "../../formats/index.ts";
import { nopCommand, quotedList, setEnv, shellOf } from "../image-config.ts";
import { isSignal } from "../stop-signal.ts";
import { parsePorts } from "./port-specs.ts";

/** Instructions that change the configuration only. */
export type MetadataKind =
  | "CMD"
  | "ENTRYPOINT"
  | "ENV"
  | "EXPOSE"
  | "HEALTHCHECK"
  | "LABEL"
  | "ONBUILD"
  | "SHELL"
  | "STOPSIGNAL"
  | "USER"
  | "VOLUME";

export type MetadataInstruction = Extract<InstructionBody, { kind: MetadataKind }>;

const METADATA_KINDS: ReadonlySet<string> = new Set<MetadataKind>([
  "CMD",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "HEALTHCHECK",
  "LABEL",
  "ONBUILD",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
]);

export interface MetadataContext {
  variables: Variables;
  escapeChar: string;
  /** Whether the Dockerfile has set CMD already: an ENTRYPOINT drops an inherited CMD, not this one. */
  cmdWasSet: boolean;
}

export interface MetadataChange {
  config: ImageRuntimeConfig;
  /** The instruction as the image's history shows it. */
  comment: string;
}

export function isMetadataInstruction(
  instruction: Instruction,
): instruction is Instruction & MetadataInstruction {
  return METADATA_KINDS.has(instruction.kind);
}

/** The configuration after an instruction; the given one is not changed. Fails with InvalidArgument or a syntax error. */
export function applyMetadata(
  config: ImageRuntimeConfig,
  instruction: MetadataInstruction,
  context: MetadataContext,
): MetadataChange {
  const expand = (text: string) => expandWord(text, context.variables, { escape: context.escapeChar }).text;
  switch (instruction.kind) {
    case "CMD": {
      const argv = withShell(config, instruction.command);
      return { config: { ...config, Cmd: argv, ArgsEscaped: undefined }, comment: `CMD ${quotedList(argv)}` };
    }
    case "ENTRYPOINT": {
      const argv = withShell(config, instruction.command);
      const Cmd = context.cmdWasSet ? config.Cmd : null;
      const Entrypoint = argv.length > 0 ? argv : null;
      return { config: { ...config, Entrypoint, Cmd }, comment: `ENTRYPOINT ${quotedList(argv)}` };
    }
    case "ENV": {
      const pairs = instruction.pairs.map(({ key, value }) => ({ key: expand(key), value: expand(value) }));
      if (pairs.some((pair) => pair.key === "")) throw invalidArgument("ENV names can not be blank");
      const Env = pairs.reduce((env, { key, value }) => setEnv(env, key, value), config.Env ?? []);
      return { config: { ...config, Env }, comment: `ENV ${pairsText(pairs)}` };
    }
    case "LABEL": {
      const pairs = instruction.pairs.map(({ key, value }) => ({ key: expand(key), value: expand(value) }));
      if (pairs.some((pair) => pair.key === "")) throw invalidArgument("LABEL names can not be blank");
      const Labels = Object.fromEntries([
        ...Object.entries(config.Labels ?? {}),
        ...pairs.map(({ key, value }): [string, string] => [key, value]),
      ]);
      return { config: { ...config, Labels }, comment: `LABEL ${pairsText(pairs)}` };
    }
    case "EXPOSE": {
      const words = instruction.ports.flatMap(
        (port) => expandWord(port, context.variables, { escape: context.escapeChar }).words,
      );
      const ports = parsePorts(words);
      const ExposedPorts = { ...config.ExposedPorts };
      for (const port of ports) ExposedPorts[port] = {};
      return { config: { ...config, ExposedPorts }, comment: `EXPOSE ${words.join(" ")}` };
    }
    case "HEALTHCHECK":
      return {
        config: { ...config, Healthcheck: instruction.healthcheck },
        comment: `HEALTHCHECK ${healthText(instruction.healthcheck)}`,
      };
    case "ONBUILD":
      return {
        config: { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.expression] },
        comment: `ONBUILD ${instruction.expression}`,
      };
    case "SHELL":
      return {
        config: { ...config, Shell: instruction.shell },
        comment: `SHELL [${instruction.shell.join(" ")}]`,
      };
    case "STOPSIGNAL": {
      const signal = expand(instruction.signal);
      if (!isSignal(signal)) throw invalidArgument(`Invalid signal: ${signal}`);
      return { config: { ...config, StopSignal: signal }, comment: `STOPSIGNAL ${signal}` };
    }
    case "USER": {
      const user = expand(instruction.user);
      return { config: { ...config, User: user }, comment: `USER ${user}` };
    }
    case "VOLUME": {
      const volumes = instruction.volumes.map(expand);
      if (volumes.some((volume) => volume === ""))
        throw invalidArgument("VOLUME specified can not be an empty string");
      const Volumes = { ...config.Volumes };
      for (const volume of volumes) Volumes[volume] = {};
      return { config: { ...config, Volumes }, comment: `VOLUME [${volumes.join(" ")}]` };
    }
  }
}

/** The text of a metadata step in an image's history. */
export function metadataHistory(config: ImageRuntimeConfig, comment: string): string {
  return nopCommand(config, comment);
}

/** A WORKDIR's absolute path: relative ones continue the one before. */
export function resolveWorkdir(current: string | undefined, requested: string): string {
  if (requested === "") throw invalidArgument("cannot normalize nothing");
  return posix.resolve("/", current || "/", requested);
}

function withShell(config: ImageRuntimeConfig, command: CommandLine): string[] {
  return command.form === "exec" || command.argv.length === 0
    ? [...command.argv]
    : [...shellOf(config), ...command.argv];
}

function pairsText(pairs: readonly { key: string; value: string }[]): string {
  return pairs.map(({ key, value }) => `${key}=${value}`).join(" ");
}

function healthText(healthcheck: ImageRuntimeConfig["Healthcheck"]): string {
  const {
    Test = [],
    Interval = 0,
    Timeout = 0,
    StartPeriod = 0,
    StartInterval = 0,
    Retries = 0,
  } = healthcheck ?? {};
  const seconds = (nanoseconds: number) => `"${nanoseconds / 1e9}s"`;
  return `&{${quotedList(Test)} ${seconds(Interval)} ${seconds(Timeout)} ${seconds(StartPeriod)} ${seconds(StartInterval)} '\\x${Retries.toString(16).padStart(2, "0")}'}`;
}
