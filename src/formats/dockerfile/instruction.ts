import { suggestion } from "../nearest-word.ts";
import { syntaxError } from "./errors.ts";
import { type ParsedFlags, parseFlags } from "./flags.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import { heredocText, parseHeredocMarker } from "./heredoc.ts";
import { type RawInstruction, splitInstruction } from "./lines.ts";
import { parseRunDevice } from "./run-device.ts";
import { mountSource } from "./run-mount.ts";
import type {
  ArgDeclaration,
  CommandLine,
  CopyBase,
  InlineFile,
  Instruction,
  InstructionBody,
  InstructionKind,
  KeyValue,
} from "./types.ts";
import { parseJsonArray, parseKeyValues, splitQuoted, splitWhiteSpace } from "./words.ts";

type Parser = (raw: RawInstruction, escapeChar: string) => InstructionBody;

const NETWORK_MODES = new Set(["default", "none", "host"]);
const SECURITY_MODES = new Set(["insecure", "sandbox"]);
const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

const PARSERS: Record<InstructionKind, Parser> = {
  ADD: (raw) => {
    const words = copyWords(raw);
    const flags = parseFlags(raw.flags, {
      chown: "string",
      chmod: "string",
      link: "boolean",
      "keep-git-dir": "boolean",
      checksum: "string",
      unpack: "boolean",
      exclude: "list",
    });
    const [keepGitDir, unpack] = [flags.given("keep-git-dir"), flags.given("unpack")];
    return {
      kind: "ADD",
      copy: copyBase(raw, words, flags),
      checksum: flags.text("checksum"),
      ...(keepGitDir === undefined ? {} : { keepGitDir }),
      ...(unpack === undefined ? {} : { unpack }),
    };
  },
  ARG: (raw, escapeChar) => {
    const words = splitQuoted(raw.rest, escapeChar);
    if (words.length === 0) throw atLeastOne("ARG");
    const descriptions = descriptionsIn(raw.comments);
    return { kind: "ARG", args: words.map((word) => parseArg(word, descriptions)) };
  },
  CMD: (raw) => ({ kind: "CMD", command: commandLine(noFlags(raw)) }),
  COPY: (raw) => {
    const words = copyWords(raw);
    const flags = parseFlags(raw.flags, {
      chown: "string",
      from: "string",
      chmod: "string",
      link: "boolean",
      exclude: "list",
      parents: "boolean",
    });
    return {
      kind: "COPY",
      copy: copyBase(raw, words, flags),
      from: flags.text("from"),
      parents: flags.isSet("parents"),
    };
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
    return {
      kind: "FROM",
      base: words[0]!,
      stageName,
      ...(words.length === 3 ? { alias: { keyword: words[1]!, name: words[2]! } } : {}),
      platform: flags.text("platform"),
      description: descriptionsIn(raw.comments).get(stageName) ?? "",
    };
  },
  HEALTHCHECK: (raw) => ({ kind: "HEALTHCHECK", healthcheck: parseHealthcheck(raw) }),
  LABEL: (raw, escapeChar) => ({ kind: "LABEL", pairs: keyValues(noFlags(raw), "LABEL", escapeChar) }),
  MAINTAINER: (raw) => ({ kind: "MAINTAINER", maintainer: exactlyOne(noFlags(raw), "MAINTAINER") }),
  ONBUILD: (raw, escapeChar) => ({ kind: "ONBUILD", expression: parseTrigger(noFlags(raw), escapeChar) }),
  RUN: (raw) => {
    const flags = parseFlags(raw.flags, {
      mount: "list",
      network: "string",
      security: "string",
      device: "list",
    });
    const devices = flags.list("device").map(parseRunDevice);
    const mounts = flags.list("mount");
    for (const mount of mounts) mountSource(mount);
    const [network, security] = [flags.text("network"), flags.text("security")];
    const quoted = JSON.stringify;
    if (flags.list("network").length > 0 && !NETWORK_MODES.has(network))
      throw syntaxError(`invalid network mode ${quoted(network)}`);
    if (flags.list("security").length > 0 && !SECURITY_MODES.has(security))
      throw syntaxError(`security ${quoted(security)} is not valid`);
    return { kind: "RUN", command: commandLine(raw), mounts, network, security, devices };
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
  if (!parser) {
    const meant = suggestion(raw.name, INSTRUCTION_NAMES, { caseSensitive: false });
    throw syntaxError(`unknown instruction: ${raw.name}${meant}`);
  }
  const { line, endLine, original, comments } = raw;
  return { ...parser(raw, escapeChar), name: raw.name, line, endLine, original, comments };
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

function parseArg(word: string, descriptions: ReadonlyMap<string, string>): ArgDeclaration {
  const equals = word.indexOf("=");
  if (equals === 0) throw syntaxError("ARG names can not be blank");
  const key = equals < 0 ? word : word.slice(0, equals);
  const description = descriptions.get(key);
  return {
    key,
    ...(equals < 0 ? {} : { value: word.slice(equals + 1) }),
    ...(description ? { description } : {}),
  };
}

/** What the comments above say of a stage or an ARG, by its name: the rest of the first line that begins with it. */
function descriptionsIn(comments: readonly string[]): ReadonlyMap<string, string> {
  const descriptions = new Map<string, string>();
  for (const line of comments) {
    const space = line.indexOf(" ");
    const name = line.slice(0, space);
    if (space > 0 && !descriptions.has(name)) descriptions.set(name, line.slice(space + 1));
  }
  return descriptions;
}

function commandLine(raw: RawInstruction): CommandLine {
  const argv = parseJsonArray(raw.rest);
  if (argv) return { form: "exec", argv, heredocs: [] };
  return { form: "shell", argv: raw.rest === "" ? [] : [raw.rest], heredocs: raw.heredocs };
}

function copyWords(raw: RawInstruction): string[] {
  const words = parseJsonArray(raw.rest) ?? splitWhiteSpace(raw.rest);
  if (words.length >= 2) return words;
  throw syntaxError(
    `${raw.name.toUpperCase()} requires at least two arguments, but only one was provided. Destination could not be determined`,
  );
}

function copyBase(raw: RawInstruction, words: readonly string[], flags: ParsedFlags): CopyBase {
  const name = raw.name.toUpperCase();
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
    excludes: flags.list("exclude"),
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
