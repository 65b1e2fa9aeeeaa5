import { KUBERNETES_VERSION, versionInfo } from "../version.ts";
import { parseAccept } from "./accept.ts";

const NOTE =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.";

export interface DebugPages {
  /** When the program was started, where `/statusz` is served. */
  startedAtMs?: number;
  /** Every flag with its value, where `/flagz` is served. */
  flags?: readonly (readonly [name: string, value: string])[];
}

/** The answer to `/statusz` and `/flagz` (component-base zpages); undefined for what is not served. */
export function debugPage(
  path: string,
  accept: string | undefined,
  { startedAtMs, flags }: DebugPages,
  nowMs: number,
): { code: number; text: string } | undefined {
  const text =
    path === "/statusz" && startedAtMs !== undefined
      ? statusPage(startedAtMs, nowMs)
      : path === "/flagz" && flags
        ? flagPage(flags)
        : undefined;
  if (text === undefined || takesText(accept)) return text === undefined ? undefined : { code: 200, text };
  return { code: 406, text: "media type not acceptable, must be: text/plain\n" };
}

function statusPage(startedAtMs: number, nowMs: number): string {
  const upSeconds = Math.floor((nowMs - startedAtMs) / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const up = `${Math.floor(upSeconds / 3600)} hr ${two(Math.floor(upSeconds / 60) % 60)} min ${two(upSeconds % 60)} sec`;
  const version = KUBERNETES_VERSION.slice(1);
  return [
    "",
    "kube-apiserver statusz",
    NOTE,
    "",
    `Started: ${new Date(startedAtMs).toUTCString()}`,
    `Up: ${up}`,
    `Go version: ${versionInfo().goVersion}`,
    `Binary version: ${version}`,
    `Emulation version: ${version}`,
    "",
  ].join("\n");
}

function flagPage(flags: readonly (readonly [string, string])[]): string {
  const lines = flags.map(([name, value]) => `${name}=${value}`).sort();
  return ["", "kube-apiserver flags", NOTE, "", ...lines, ""].join("\n");
}

/** Nothing else than plain text is told. */
function takesText(accept: string | undefined): boolean {
  return parseAccept(accept ?? "*/*").some(({ type, params }) => {
    const names = Object.keys(params);
    const isPlain = names.length === 0 || (names.length === 1 && params.charset?.toLowerCase() === "utf-8");
    return isPlain && ["text/plain", "text/*", "*/*"].includes(type);
  });
}
