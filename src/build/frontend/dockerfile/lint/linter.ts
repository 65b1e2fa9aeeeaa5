import { invalidArgument } from "../../../../base/index.ts";
import { nearestWord, parseGoBool } from "../../../../formats/index.ts";
import type { LineRange } from "../source-map.ts";
import { LINT_RULES, type LintRuleName } from "./rules.ts";

/** What a `check` directive or `BUILDKIT_DOCKERFILE_CHECK` says. */
export interface LintConfig {
  skipAll: boolean;
  skip: readonly string[];
  experimentalAll: boolean;
  experimental: readonly string[];
  /** Warnings fail the build. */
  errorOnWarning: boolean;
}

export interface LintWarning {
  rule: LintRuleName;
  description: string;
  url: string;
  message: string;
  lines: LineRange | undefined;
}

/** Who reads more? */
const MAX_WARNINGS = 1000;
/** Names that are held against others, in all. */
const MAX_COMPARED = 1_000_000;

const NOTHING: LintConfig = {
  skipAll: false,
  skip: [],
  experimentalAll: false,
  experimental: [],
  errorOnWarning: false,
};

/** Reads `skip=RuleA,RuleB;error=true`; parts are `skip`, `experimental` and `error`. */
export function parseLintOptions(text: string): LintConfig {
  const config = { ...NOTHING };
  if (text.trim() === "") return config;
  for (const part of splitAtMost(text.trim(), ";", 3)) {
    const equals = part.indexOf("=");
    if (equals < 0) throw invalidArgument(`invalid check option ${JSON.stringify(part)}`);
    const key = part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (key === "skip" || key === "experimental") {
      if (value === "all") config[`${key}All`] = true;
      else config[key] = value.split(",").map((name) => name.trim());
    } else if (key === "error") {
      const isError = parseGoBool(value);
      if (isError === undefined) {
        const problem = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
        throw invalidArgument(`failed to parse check option ${JSON.stringify(part)}: ${problem}`);
      }
      config.errorOnWarning = isError;
    } else throw invalidArgument(`invalid check option ${JSON.stringify(key)}`);
  }
  return config;
}

/** Tells what could be better in a Dockerfile, as far as nobody has said that it is fine. */
export class Linter {
  readonly #config: LintConfig;
  readonly #warn: ((warning: LintWarning) => void) | undefined;
  /** Of this linter and those made from it. */
  readonly #shared: { called: Set<string>; warnings: number; compared: number };

  constructor(
    config: LintConfig,
    warn: ((warning: LintWarning) => void) | undefined,
    shared = { called: new Set<string>(), warnings: 0, compared: 0 },
  ) {
    this.#config = config;
    this.#warn = warn;
    this.#shared = shared;
  }

  run<R extends LintRuleName>(
    name: R,
    lines: LineRange | undefined,
    ...args: Parameters<(typeof LINT_RULES)[R]["message"]>
  ): void {
    const rule = LINT_RULES[name];
    if (!this.#warn || !this.#isOn(name, "isExperimental" in rule)) return;
    this.#shared.called.add(name);
    if (++this.#shared.warnings > MAX_WARNINGS) return;
    const message = (rule.message as (...args: string[]) => string)(...args);
    this.#warn({ rule: name, description: rule.description, url: rule.url, message, lines });
  }

  /** For one instruction: a comment `# check=skip=…` above it adds to what is said for all. */
  withComments(comments: readonly string[]): Linter {
    const directive = comments.map((comment) => /^check\s*=\s*(\S.*)$/i.exec(comment)?.[1]).find(Boolean);
    if (directive === undefined) return this;
    let added: LintConfig;
    try {
      added = parseLintOptions(directive.split(" ")[0]!);
    } catch {
      return this;
    }
    const own = this.#config;
    const merged: LintConfig = {
      skipAll: own.skipAll || added.skipAll,
      skip: [...own.skip, ...added.skip],
      experimentalAll: own.experimentalAll || added.experimentalAll,
      experimental: [...own.experimental, ...added.experimental],
      errorOnWarning: own.errorOnWarning,
    };
    return new Linter(merged, this.#warn, this.#shared);
  }

  /** The name that was probably meant; empty if there is none like it. */
  meant(name: string, known: ReadonlySet<string> | ReadonlyMap<string, unknown>): string {
    this.#shared.compared += known.size;
    if (!this.#warn || this.#shared.compared > MAX_COMPARED) return "";
    return nearestWord(name, known.keys()) ?? "";
  }

  /** Fails if there were warnings and the build is to fail then. */
  assertClean(): void {
    const { called } = this.#shared;
    if (!this.#config.errorOnWarning || called.size === 0) return;
    throw invalidArgument(`lint violation found for rules: ${[...called].join(", ")}`, {
      code: "Dockerfile.Lint",
    });
  }

  #isOn(name: string, isExperimental: boolean): boolean {
    const { skipAll, skip, experimentalAll, experimental } = this.#config;
    return isExperimental ? experimentalAll || experimental.includes(name) : !skipAll && !skip.includes(name);
  }
}

function splitAtMost(text: string, separator: string, count: number): string[] {
  const parts = text.split(separator);
  return parts.length <= count
    ? parts
    : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}
