export interface LintRule<Args extends string[] = never> {
  description: string;
  url: string;
  message(...args: Args): string;
  /** Only where it is asked for. */
  isExperimental?: boolean;
}

const at = (page: string) => `https://docs.docker.com/go/dockerfile/rule/${page}/`;
const quoted = JSON.stringify;

/** What `docker build --check` looks for, in the words of BuildKit's linter (frontend/dockerfile/linter/ruleset.go). */
export const LINT_RULES = {
  StageNameCasing: {
    description: "Stage names should be lowercase",
    url: at("stage-name-casing"),
    message: (stage: string) => `Stage name '${stage}' should be lowercase`,
  },
  FromAsCasing: {
    description: "The 'as' keyword should match the case of the 'from' keyword",
    url: at("from-as-casing"),
    message: (from: string, as: string) => `'${as}' and '${from}' keywords' casing do not match`,
  },
  NoEmptyContinuation: {
    description: "Empty continuation lines will become errors in a future release",
    url: at("no-empty-continuation"),
    message: () => "Empty continuation line",
  },
  ConsistentInstructionCasing: {
    description: "All commands within the Dockerfile should use the same casing (either upper or lower)",
    url: at("consistent-instruction-casing"),
    message: (command: string, casing: string) =>
      `Command '${command}' should match the case of the command majority (${casing})`,
  },
  DuplicateStageName: {
    description: "Stage names should be unique",
    url: at("duplicate-stage-name"),
    message: (stage: string) => `Duplicate stage name ${quoted(stage)}, stage names should be unique`,
  },
  ReservedStageName: {
    description: "Reserved words should not be used as stage names",
    url: at("reserved-stage-name"),
    message: (stage: string) => `Stage name should not use the same name as reserved stage ${quoted(stage)}`,
  },
  JSONArgsRecommended: {
    description:
      "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
    url: at("json-args-recommended"),
    message: (instruction: string) =>
      `JSON arguments recommended for ${instruction} to prevent unintended behavior related to OS signals`,
  },
  MaintainerDeprecated: {
    description: "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
    url: at("maintainer-deprecated"),
    message: () => "Maintainer instruction is deprecated in favor of using label",
  },
  UndefinedArgInFrom: {
    description: "FROM command must use declared ARGs",
    url: at("undefined-arg-in-from"),
    message: (arg: string, meant: string) =>
      `FROM argument '${arg}' is not declared${meant === "" ? "" : ` (did you mean ${meant}?)`}`,
  },
  WorkdirRelativePath: {
    description:
      "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes",
    url: at("workdir-relative-path"),
    message: (path: string) =>
      `Relative workdir ${quoted(path)} can have unexpected results if the base image changes`,
  },
  UndefinedVar: {
    description: "Variables should be defined before their use",
    url: at("undefined-var"),
    message: (name: string, meant: string) =>
      `Usage of undefined variable '$${name}'${meant === "" ? "" : ` (did you mean $${meant}?)`}`,
  },
  MultipleInstructionsDisallowed: {
    description: "Multiple instructions of the same type should not be used in the same stage",
    url: at("multiple-instructions-disallowed"),
    message: (instruction: string) =>
      `Multiple ${instruction} instructions should not be used in the same stage because only the last one will be used`,
  },
  LegacyKeyValueFormat: {
    description: "Legacy key/value format with whitespace separator should not be used",
    url: at("legacy-key-value-format"),
    message: (instruction: string) =>
      `"${instruction} key=value" should be used instead of legacy "${instruction} key value" format`,
  },
  InvalidBaseImagePlatform: {
    description: "Base image platform does not match expected target platform",
    // Upstream has no page for it.
    url: "",
    message: (image: string, expected: string, actual: string) =>
      `Base image ${image} was pulled with platform ${quoted(actual)}, expected ${quoted(expected)} for current build`,
  },
  RedundantTargetPlatform: {
    description:
      "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
    url: at("redundant-target-platform"),
    message: (variable: string) =>
      `Setting platform to predefined ${variable} in FROM is redundant as this is the default behavior`,
  },
  SecretsUsedInArgOrEnv: {
    description: "Sensitive data should not be used in the ARG or ENV commands",
    url: at("secrets-used-in-arg-or-env"),
    message: (instruction: string, key: string) =>
      `Do not use ARG or ENV instructions for sensitive data (${instruction} ${quoted(key)})`,
  },
  InvalidDefaultArgInFrom: {
    description: "Default value for global ARG results in an empty or invalid base image name",
    url: at("invalid-default-arg-in-from"),
    message: (base: string) => `Default value for ARG ${base} results in empty or invalid base image name`,
  },
  FromPlatformFlagConstDisallowed: {
    description: "FROM --platform flag should not use a constant value",
    url: at("from-platform-flag-const-disallowed"),
    message: (platform: string) => `FROM --platform flag should not use constant value ${quoted(platform)}`,
  },
  CopyIgnoredFile: {
    description: "Attempting to Copy file that is excluded by .dockerignore",
    url: at("copy-ignored-file"),
    message: (command: string, file: string) =>
      `Attempting to ${command} file ${quoted(file)} that is excluded by .dockerignore`,
  },
  InvalidDefinitionDescription: {
    description:
      "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.",
    url: at("invalid-definition-description"),
    message: (instruction: string, name: string) =>
      `Comment for ${instruction} should follow the format: \`# ${name} <description>\``,
    isExperimental: true,
  },
  ExposeProtoCasing: {
    description: "Protocol in EXPOSE instruction should be lowercase",
    url: at("expose-proto-casing"),
    message: (port: string) => `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
  },
  ExposeInvalidFormat: {
    description:
      "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release",
    url: at("expose-invalid-format"),
    message: (port: string) =>
      `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
  },
} satisfies Record<string, LintRule>;

export type LintRuleName = keyof typeof LINT_RULES;
