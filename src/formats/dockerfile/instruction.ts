import { syntaxError } from "./errors.ts";
import { parseFlags } from "./flags.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import { heredocText, parseHeredocMarker } from "./heredoc.ts";
import { type RawInstruction, splitInstruction } from "./lines.ts";
import type {
  CommandLine,
  CopyBase,
  InlineFile,
  Instruction,
  InstructionBody,
  InstructionKind,
  KeyValue,
  RunMount,
} from "./types.ts";
import { parseJsonArray, parseKeyValues, splitQuoted, splitWhiteSpace } from "./words.ts";

type Parser = (raw: RawInstruction, escapeChar: string) => InstructionBody;

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

const PARSERS: Record<InstructionKind, Parser> = {
  ADD: (raw) => {
    const flags = parseFlags(raw.flags, {
      chown: "string",
      chmod: "string",
      link: "boolean",
      "keep-git-dir": "boolean",
      checksum: "string",
    });
    return {
      kind: "ADD",
      copy: copyBase(raw, flags),
      checksum: flags.text("checksum"),
      keepGitDir: flags.isSet("keep-git-dir"),
    };
  },
  ARG: (raw, escapeChar) => {
    noFlags(raw);
    const words = splitQuoted(raw.rest, escapeChar);
    if (words.length === 0) throw atLeastOne("ARG");
    return { kind: "ARG", args: words.map(parseArg) };
  },
  CMD: (raw) => ({ kind: "CMD", command: commandLine(noFlags(raw)) }),
  COPY: (raw) => {
    const flags = parseFlags(raw.flags, {
      chown: "string",
      from: "string",
      chmod: "string",
      link: "boolean",
    });
    return { kind: "COPY", copy: copyBase(raw, flags), from: flags.text("from") };
  },
  ENTRYPOINT: (raw) => ({ kind: "ENTRYPOINT", command: commandLine(noFlags(raw)) }),
  ENV: (raw, escapeChar) => ({ kind: "ENV", pairs: keyValues(noFlags(raw), "ENV", escapeChar) }),
  EXPOSE: (raw) => {
    const ports = splitWhiteSpace(noFlags(raw).rest);
    if (ports.length === 0) throw atLeastOne("EXPOSE");
    return { kind: "EXPOSE", ports: ports.toSorted() };
  },
  FROM: (raw) => {
    const words = splitWhiteSpace(raw.rest);
    const stageName = parseStageName(words);
    const flags = parseFlags(raw.flags, { platform: "string" });
    return { kind: "FROM", base: words[0]!, stageName, platform: flags.text("platform") };
  },
  HEALTHCHECK: (raw) => ({ kind: "HEALTHCHECK", healthcheck: parseHealthcheck(raw) }),
  LABEL: (raw, escapeChar) => ({ kind: "LABEL", pairs: keyValues(noFlags(raw), "LABEL", escapeChar) }),
  MAINTAINER: (raw) => ({ kind: "MAINTAINER", maintainer: exactlyOne(noFlags(raw), "MAINTAINER") }),
  ONBUILD: (raw, escapeChar) => ({ kind: "ONBUILD", expression: parseTrigger(noFlags(raw), escapeChar) }),
  RUN: (raw) => {
    const flags = parseFlags(raw.flags, { mount: "list", network: "string", security: "string" });
    return {
      kind: "RUN",
      command: commandLine(raw),
      mounts: flags.list("mount").map(parseMount),
      network: flags.text("network"),
      security: flags.text("security"),
    };
  },
  SHELL: (raw) => {
    const shell = parseJsonArray(noFlags(raw).rest);
    if (raw.rest === "" || shell?.length === 0) throw atLeastOne("SHELL");
    if (!shell) throw syntaxError("SHELL requires the arguments to be in JSON form");
    return { kind: "SHELL", shell };
  },
  STOPSIGNAL: (raw) => ({ kind: "STOPSIGNAL", signal: exactlyOne(noFlags(raw), "STOPSIGNAL") }),
  USER: (raw) => ({ kind: "USER", user: exactlyOne(noFlags(raw), "USER") }),
  VOLUME: (raw) => {
    const volumes = parseJsonArray(noFlags(raw).rest) ?? splitWhiteSpace(raw.rest);
    if (volumes.length === 0) throw atLeastOne("VOLUME");
    if (volumes.some((volume) => volume.trim() === ""))
      throw syntaxError("VOLUME specified can not be an empty string");
    return { kind: "VOLUME", volumes: volumes.map((volume) => volume.trim()) };
  },
  WORKDIR: (raw) => ({ kind: "WORKDIR", path: exactlyOne(noFlags(raw), "WORKDIR") }),
};

export const INSTRUCTION_NAMES = Object.keys(PARSERS) as InstructionKind[];

/** Understands one instruction. Throws DockerfileSyntaxError. */
export function parseInstruction(raw: RawInstruction, escapeChar: string): Instruction {
  const name = raw.name.toUpperCase();
  const parser = Object.hasOwn(PARSERS, name) ? PARSERS[name as InstructionKind] : undefined;
  if (!parser) throw syntaxError(`unknown instruction: ${raw.name}${suggestion(name)}`);
  return {
    ...parser(raw, escapeChar),
    line: raw.line,
    endLine: raw.endLine,
    original: raw.original,
  };
}

/** ` (did you mean FROM?)` for a name that is one or two letters off. */
function suggestion(name: string): string {
  const best = INSTRUCTION_NAMES.map((known) => ({ known, distance: editDistance(name, known) })).sort(
    (a, b) => a.distance - b.distance,
  )[0]!;
  return best.distance <= 2 && best.distance < name.length ? ` (did you mean ${best.known}?)` : "";
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const following = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      following.push(Math.min(change, row[j]! + 1, following[j - 1]! + 1));
    }
    row = following;
  }
  return row[b.length]!;
}

function noFlags(raw: RawInstruction): RawInstruction {
  parseFlags(raw.flags, {});
  return raw;
}

function atLeastOne(name: string): Error {
  return syntaxError(`${name} requires at least one argument`);
}

function exactlyOne(raw: RawInstruction, name: string): string {
  if (raw.rest === "") throw syntaxError(`${name} requires exactly one argument`);
  return raw.rest;
}

function keyValues(raw: RawInstruction, name: string, escapeChar: string): KeyValue[] {
  const pairs = parseKeyValues(raw.rest, name, escapeChar);
  if (pairs.length === 0) throw atLeastOne(name);
  if (pairs.some((pair) => pair.key === "")) throw syntaxError(`${name} names can not be blank`);
  return pairs;
}

function parseArg(word: string): { key: string; value?: string } {
  const equals = word.indexOf("=");
  if (equals < 0) return { key: word };
  if (equals === 0) throw syntaxError("ARG names can not be blank");
  return { key: word.slice(0, equals), value: word.slice(equals + 1) };
}

function commandLine(raw: RawInstruction): CommandLine {
  const argv = parseJsonArray(raw.rest);
  if (argv) return { form: "exec", argv, heredocs: [] };
  return { form: "shell", argv: raw.rest === "" ? [] : [raw.rest], heredocs: raw.heredocs };
}

function copyBase(
  raw: RawInstruction,
  flags: { text(name: string): string; isSet(name: string): boolean },
): CopyBase {
  const name = raw.name.toUpperCase();
  const words = parseJsonArray(raw.rest) ?? splitWhiteSpace(raw.rest);
  if (words.length < 2) {
    throw syntaxError(
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
    );
  }
  const destination = words.at(-1)!;
  const isHeredoc = (word: string) => raw.heredocs.length > 0 && parseHeredocMarker(word) !== undefined;
  if (isHeredoc(destination)) throw syntaxError(`${name} cannot accept a heredoc as a destination`);
  const sources: string[] = [];
  const inlineFiles: InlineFile[] = [];
  for (const word of words.slice(0, -1)) {
    if (!isHeredoc(word)) {
      sources.push(word);
      continue;
    }
    const heredoc = raw.heredocs.find((candidate) => candidate.name === parseHeredocMarker(word)?.name);
    if (!heredoc) throw syntaxError(`${name} has a heredoc without content`);
    inlineFiles.push({ path: heredoc.name, content: heredocText(heredoc), expand: heredoc.expand });
  }
  return {
    sources,
    inlineFiles,
    destination,
    chown: flags.text("chown"),
    chmod: flags.text("chmod"),
    link: flags.isSet("link"),
  };
}

function parseStageName(words: readonly string[]): string {
  if (words.length === 1) return "";
  if (words.length !== 3 || words[1]!.toUpperCase() !== "AS") {
    throw syntaxError("FROM requires either one or three arguments");
  }
  const name = words[2]!.toLowerCase();
  if (!STAGE_NAME.test(name)) {
    throw syntaxError(
      `invalid name for build stage: ${JSON.stringify(words[2])}, name can't start with a number or contain symbols`,
    );
  }
  return name;
}

function parseTrigger(raw: RawInstruction, escapeChar: string): string {
  if (raw.rest === "") throw atLeastOne("ONBUILD");
  const trigger = splitInstruction(raw.rest, escapeChar).name.toUpperCase();
  if (trigger === "ONBUILD") throw syntaxError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === "FROM" || trigger === "MAINTAINER")
    throw syntaxError(`${trigger} isn't allowed as an ONBUILD trigger`);
  return [raw.rest, ...raw.heredocs.map((heredoc) => heredoc.content + heredoc.name)].join("\n");
}

/** `type=cache,target=/root/.cache`; a key alone means true. */
function parseMount(value: string): RunMount {
  const options: Record<string, string> = Object.create(null);
  for (const field of value.split(",")) {
    const equals = field.indexOf("=");
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    if (key === "") throw syntaxError(`invalid field '${field}' must be a key=value pair`);
    options[key] = equals < 0 ? "true" : field.slice(equals + 1);
  }
  return { type: options.type ?? "bind", options };
}
