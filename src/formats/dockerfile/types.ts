import type { HealthcheckConfig } from "../oci-types.ts";
import type { RunDevice } from "./run-device.ts";

/** A here-document that follows a RUN, COPY or ADD instruction. */
export interface Heredoc {
  /** The terminating word, quotes removed. */
  name: string;
  content: string;
  /** False when the word was quoted: variables are then taken literally. */
  expand: boolean;
  /** `<<-`: leading tabs are dropped. */
  stripTabs: boolean;
  fileDescriptor: number;
}

export interface KeyValue {
  key: string;
  value: string;
  /** `name value`, the old form without `=`. */
  isLegacy?: boolean;
}

/** Where an instruction stands (lines count from 1) and how it was written, continuation lines joined. */
export interface InstructionSource {
  /** Of the instruction itself, as written. */
  name: string;
  line: number;
  endLine: number;
  original: string;
  /** Text of the comments above it, without `#`. An empty comment parts them from those further up. */
  comments: readonly string[];
}

/** A command in shell form (one text, to be handed to the shell) or in exec form (a JSON array). */
export interface CommandLine {
  form: "shell" | "exec";
  argv: string[];
  heredocs: Heredoc[];
}

/** Inline sources of COPY and ADD: the here-document becomes a file of its own name. */
export interface InlineFile {
  path: string;
  content: string;
  expand: boolean;
}

export interface CopyBase {
  sources: string[];
  inlineFiles: InlineFile[];
  destination: string;
  chown: string;
  chmod: string;
  link: boolean;
  /** Patterns of what is left out. */
  excludes: string[];
}

export interface ArgDeclaration {
  key: string;
  value?: string;
  /** Of the comment above that begins with its name. */
  description?: string;
}

export type InstructionBody =
  | { kind: "ADD"; copy: CopyBase; checksum: string; keepGitDir?: boolean; unpack?: boolean }
  | { kind: "ARG"; args: ArgDeclaration[] }
  | { kind: "CMD"; command: CommandLine }
  | { kind: "COPY"; copy: CopyBase; from: string; parents: boolean }
  | { kind: "ENTRYPOINT"; command: CommandLine }
  | { kind: "ENV"; pairs: KeyValue[] }
  | { kind: "EXPOSE"; ports: string[] }
  | {
      kind: "FROM";
      base: string;
      /** In lower case. */
      stageName: string;
      /** `AS` and the name as written; absent without a name. */
      alias?: { keyword: string; name: string };
      platform: string;
      description: string;
    }
  | { kind: "HEALTHCHECK"; healthcheck: HealthcheckConfig }
  | { kind: "LABEL"; pairs: KeyValue[] }
  | { kind: "MAINTAINER"; maintainer: string }
  | { kind: "ONBUILD"; expression: string }
  | {
      kind: "RUN";
      command: CommandLine;
      /** As written: variables in them are substituted when the step's are known (`parseRunMount`). */
      mounts: string[];
      network: string;
      security: string;
      devices: RunDevice[];
    }
  | { kind: "SHELL"; shell: string[] }
  | { kind: "STOPSIGNAL"; signal: string }
  | { kind: "USER"; user: string }
  | { kind: "VOLUME"; volumes: string[] }
  | { kind: "WORKDIR"; path: string };

export type InstructionKind = InstructionBody["kind"];
export type Instruction = InstructionBody & InstructionSource;
export type InstructionOf<K extends InstructionKind> = Extract<InstructionBody, { kind: K }> &
  InstructionSource;

export interface DockerfileStage {
  from: InstructionOf<"FROM">;
  /** Lower case; empty when the stage has no name. */
  name: string;
  instructions: Instruction[];
}

export interface Dockerfile {
  /** `\` unless the `escape` directive says otherwise. */
  escapeChar: string;
  /** Value of the `syntax` directive, empty if there is none. */
  syntax: string;
  /** Value of the `check` directive, empty if there is none. */
  check: string;
  /** ARGs before the first FROM. */
  metaArgs: InstructionOf<"ARG">[];
  stages: DockerfileStage[];
  warnings: DockerfileWarning[];
}

export interface DockerfileWarning {
  text: string;
  line: number;
}
