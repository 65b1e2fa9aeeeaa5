import { invalidArgument } from "../../../../base/index.ts";
import { isDns1123Label, isDns1123Subdomain } from "../../../../formats/index.ts";
import {
  type ConfigKind,
  duplicate,
  errorListText,
  type FieldError,
  invalid,
  readComponentConfig,
} from "../../../api/index.ts";
import type { PodSecurityConfiguration } from "./configuration.ts";
import { isLevel, LEVELS, type LevelVersion, parseVersion } from "./level.ts";
import { MODES, type Mode } from "./policy.ts";

interface Written {
  defaults?: Record<string, string>;
  exemptions?: Record<keyof PodSecurityConfiguration["exemptions"], string[] | undefined>;
}

const CONFIGURATION: ConfigKind = {
  group: "pod-security.admission.config.k8s.io",
  versions: ["v1", "v1beta1", "v1alpha1"],
  kind: "PodSecurityConfiguration",
  fields: {
    defaults: {
      fields: Object.fromEntries(
        MODES.flatMap((mode) => [
          [mode, "string"],
          [`${mode}-version`, "string"],
        ]),
      ),
    },
    exemptions: {
      fields: {
        usernames: { list: "string" },
        namespaces: { list: "string" },
        runtimeClasses: { list: "string" },
      },
    },
  },
};

/** A PodSecurityConfiguration in YAML or JSON (pod-security-admission's load and validation). Throws InvalidArgument with all that is wrong. */
export function readPodSecurityConfiguration(text: string): PodSecurityConfiguration {
  const { value, strictProblems } = readComponentConfig<Written>(text, CONFIGURATION);
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  const errors: FieldError[] = [];
  const read = (mode: Mode) => readDefault(value.defaults ?? {}, mode, errors);
  const defaults = { enforce: read("enforce"), warn: read("warn"), audit: read("audit") };
  const { namespaces = [], runtimeClasses = [], usernames = [] } = value.exemptions ?? {};
  const exemptions = { usernames, namespaces, runtimeClasses };
  errors.push(
    ...namesErrors("exemptions.namespaces", namespaces, isDns1123Label),
    ...namesErrors("exemptions.runtimeClasses", runtimeClasses, isDns1123Subdomain),
    ...namesErrors("exemptions.usernames", usernames, (name) =>
      name === "" ? ["username must not be empty"] : [],
    ),
  );
  if (errors.length > 0) throw invalidArgument(errorListText(errors));
  return { defaults, exemptions };
}

function readDefault(defaults: Record<string, string>, mode: Mode, errors: FieldError[]): LevelVersion {
  const { [mode]: level = "privileged", [`${mode}-version`]: written = "latest" } = defaults;
  const version = parseVersion(written);
  if (!isLevel(level)) errors.push(invalid(`defaults.${mode}`, level, `must be one of ${LEVELS.join(", ")}`));
  if (version === undefined)
    errors.push(invalid(`defaults.${mode}-version`, written, 'must be "latest" or "v1.x"'));
  return { level: isLevel(level) ? level : "privileged", version: version ?? "latest" };
}

function namesErrors(
  path: string,
  names: readonly string[],
  problemsOf: (name: string) => string[],
): FieldError[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const problems = problemsOf(name);
    if (problems.length > 0) return [invalid(`${path}[${index}]`, name, problems.join(", "))];
    if (seen.has(name)) return [duplicate(`${path}[${index}]`, name)];
    seen.add(name);
    return [];
  });
}
