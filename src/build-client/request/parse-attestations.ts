import { invalidArgument } from "../../base/index.ts";
import { parseGoBool } from "../../formats/index.ts";
import { csvPairs } from "./csv-fields.ts";

export interface AttestationWishes {
  provenance: string;
  sbom: string;
  attest: readonly string[];
}

/** By default provenance is made only where there is an index for it anyhow, as with buildx. */
const DEFAULT_PROVENANCE = "mode=min,inline-only=true";

/** `--provenance`, `--sbom` and `--attest` as the frontend's attributes `attest:TYPE` (buildx, ParseAttests). */
export function attestationAttributes({
  provenance,
  sbom,
  attest,
}: AttestationWishes): Record<string, string> {
  const found = new Map<string, string | undefined>();
  const texts = [...attest, ...shorthand("provenance", provenance), ...shorthand("sbom", sbom)];
  for (const text of texts) {
    const pairs = csvPairs(text, (field) => `invalid value ${field}`);
    const type = pairs.find(([key]) => key === "type")?.[1] ?? "";
    if (type === "") throw invalidArgument("attestation type not specified");
    if (found.has(type)) throw invalidArgument(`duplicate attestation field ${type}`);
    const disabled = pairs.find(([key]) => key === "disabled")?.[1];
    if (disabled !== undefined && parseGoBool(disabled) === undefined)
      throw invalidArgument(`invalid value ${disabled}`);
    found.set(type, parseGoBool(disabled ?? "") === true ? undefined : text);
  }
  if (!found.has("provenance")) found.set("provenance", DEFAULT_PROVENANCE);
  return Object.fromEntries(
    [...found].flatMap(([type, text]) => (text === undefined ? [] : [[`attest:${type}`, text]])),
  );
}

function shorthand(type: string, text: string): string[] {
  if (text === "") return [];
  const isOn = parseGoBool(text);
  if (isOn === undefined) return [`type=${type},${text}`];
  return [isOn ? `type=${type}` : `type=${type},disabled=true`];
}
