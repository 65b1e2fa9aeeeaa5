import { invalidArgument, notImplemented } from "../../base/index.ts";
import type { AttestationWishes } from "./types.ts";

const PREFIXES = ["attest:", "build-arg:BUILDKIT_ATTEST_"];
/** What BuildKit would run; the scanner here is built in. */
const DEFAULT_GENERATOR = /^(?:docker\.io\/)?docker\/buildkit-syft-scanner(?::stable-1)?$/;

/** Reads `attest:KIND=key=value,…` among a frontend's options (moby/buildkit, frontend/attestations). */
export function attestationWishes(options: Readonly<Record<string, string>>): AttestationWishes {
  const wishes: Record<string, Record<string, string>> = {};
  for (const prefix of PREFIXES) {
    for (const [key, value] of Object.entries(options)) {
      if (!key.startsWith(prefix)) continue;
      const kind = key.slice(prefix.length).toLowerCase();
      if (kind !== "sbom" && kind !== "provenance")
        throw invalidArgument(`unknown attestation type ${JSON.stringify(kind)}`);
      wishes[kind] = fieldsOf(value);
    }
  }
  for (const [kind, { disabled }] of Object.entries(wishes)) if (disabled === "true") delete wishes[kind];
  assertKnown(wishes);
  return wishes;
}

function fieldsOf(value: string): Record<string, string> {
  if (value === "false") return { disabled: "true" };
  const fields = value.split(",").filter((field) => field !== "");
  return Object.fromEntries(
    fields.map((field) => {
      const [key = "", ...rest] = field.replace(/^"|"$/g, "").split("=");
      return [key, rest.join("=")];
    }),
  );
}

function assertKnown({ provenance, sbom }: AttestationWishes): void {
  const { mode, version } = provenance ?? {};
  const generator = sbom?.generator;
  if (mode !== undefined && !["min", "max", "full"].includes(mode))
    throw invalidArgument(`invalid mode ${JSON.stringify(mode)}`);
  if (version !== undefined && version !== "v1" && version !== "v0.2")
    throw invalidArgument(`invalid provenance SLSA version: ${version}`);
  if (generator && !DEFAULT_GENERATOR.test(generator)) {
    throw notImplemented(
      `SBOM generator ${generator} is not supported: the scanner is built in, and none is run from an image`,
    );
  }
}
