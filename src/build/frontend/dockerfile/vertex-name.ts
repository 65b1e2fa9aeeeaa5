import {
  expandWord,
  normalizePlatform,
  type Platform,
  parsePlatform,
  platformId,
  type Variables,
} from "../../../formats/index.ts";
import type { Conversion } from "./conversion.ts";
import type { Stage } from "./stage.ts";

const NO_VARIABLES: Variables = new Map();

/** Name of a stage's next operation in the progress: `[builder 2/5] RUN make`. */
export function nextVertexName(
  conversion: Conversion,
  stage: Stage,
  text: string,
  { env = NO_VARIABLES, isOnBuild = false }: { env?: Variables; isOnBuild?: boolean } = {},
): string {
  stage.commandIndex++;
  conversion.budget.text(text);
  return vertexName(conversion, stage, text, { env, isOnBuild });
}

/** Name of one more operation of the same instruction. */
export function vertexName(
  conversion: Conversion,
  stage: Stage,
  text: string,
  { env = NO_VARIABLES, isOnBuild = false }: { env?: Variables; isOnBuild?: boolean } = {},
): string {
  if (stage.commandTotal === 0) return text;
  const platform = stage.platform ?? conversion.targetPlatform;
  const shownPlatform = conversion.options.isMultiPlatform
    ? `${platformId(platform)}${crossTarget(platform, env)} `
    : "";
  const total = String(stage.commandTotal);
  const number = String(stage.commandIndex).padStart(total.length);
  const name = stage.shownName === "" ? "" : `${stage.shownName} `;
  return `[${shownPlatform}${name}${number}/${total}] ${isOnBuild ? "ONBUILD " : ""}${text}`;
}

/** An instruction as the progress shows it: its variables put in, its name in capitals. */
export function shownCommand(
  text: string,
  variables: Variables,
  options: { escape: string; rawQuotes?: boolean; keepUnset?: boolean },
): string {
  let shown = text;
  try {
    shown = expandWord(text, variables, options).text;
  } catch {
    // What cannot be expanded fails where it counts; here it stands as it is.
  }
  const space = shown.indexOf(" ");
  return space < 0 ? shown.toUpperCase() : shown.slice(0, space).toUpperCase() + shown.slice(space);
}

/** `->arm64` where a stage says by TARGETPLATFORM, TARGETOS or TARGETARCH that it makes something for another platform. */
function crossTarget(base: Platform, env: Variables): string {
  const target = targetOf(base, env);
  if (!target) return "";
  const { os, architecture, variant } = normalizePlatform(target);
  if (os !== base.os) return `->${platformId({ os, architecture, ...(variant ? { variant } : {}) })}`;
  if (architecture === base.architecture) return "";
  return `->${[architecture, variant].filter(Boolean).join("/")}`;
}

function targetOf(base: Platform, env: Variables): Platform | undefined {
  const whole = env.get("TARGETPLATFORM");
  if (whole !== undefined) {
    try {
      return parsePlatform(whole);
    } catch {
      // Not a platform: what else is said counts.
    }
  }
  const [os, architecture, variant] = ["TARGETOS", "TARGETARCH", "TARGETVARIANT"].map((key) => env.get(key));
  if (os === undefined && architecture === undefined && variant === undefined) return undefined;
  return {
    os: os || base.os,
    architecture: architecture || base.architecture,
    ...(variant ? { variant } : {}),
  };
}
