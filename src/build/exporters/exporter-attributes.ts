import { type GantryError, invalidArgument, notImplemented } from "../../base/index.ts";
import type { LayerForm } from "../../images/types.ts";
import { type Annotations, parseAnnotation } from "./annotations.ts";

/** Attributes of one exporter, each taken once; what nobody takes is passed over, as BuildKit does. */
export class ExporterAttributes {
  readonly #left: Map<string, string>;

  constructor(attributes: Readonly<Record<string, string>>) {
    this.#left = new Map(Object.entries(attributes));
  }

  text(key: string): string | undefined {
    const value = this.#left.get(key);
    this.#left.delete(key);
    return value;
  }

  /** An empty value is true: `push` alone means `push=true`. */
  flag(key: string): boolean | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : value === "" || parseBool(key, value);
  }

  annotations(): Annotations {
    const annotations: Annotations = [];
    for (const [key, value] of this.#left) {
      const annotation = parseAnnotation(key, value);
      if (!annotation) continue;
      annotations.push(annotation);
      this.#left.delete(key);
    }
    return annotations;
  }
}

/** What concerns the documents of images, whoever takes them. */
export interface ImageAttributes {
  names: string[];
  /** Whether documents have OCI's media types or Docker's; an index has OCI's unless the client says otherwise. */
  useOciTypes(isIndex: boolean): boolean;
  annotations: Annotations;
  form: LayerForm;
  epochMs: number | undefined;
  rewriteTimestamps: boolean;
  /** Attestations that nobody asked for go along, too. */
  attestsInline: boolean;
  /** Their manifests are artifacts with a subject, as the OCI specification has them. */
  isArtifact: boolean;
}

export function readImageAttributes(
  attributes: ExporterAttributes,
  defaults: { useOciTypes: boolean; compression: LayerForm["compression"] },
): ImageAttributes {
  const annotations = attributes.annotations();
  const isOciGiven = attributes.flag("oci-mediatypes");
  const form = readForm(attributes, defaults.compression);
  const isArtifact = attributes.flag("oci-artifact") ?? false;
  if (isOciGiven === false) assertDockerCan(form, annotations, isArtifact);
  const isOci = defaults.useOciTypes || form.compression === "zstd" || annotations.length > 0;
  const rewriteTimestamps = attributes.flag("rewrite-timestamp") ?? false;
  attributes.flag("prefer-nondist-layers");
  return {
    names: (attributes.text("name") ?? "").split(",").filter((name) => name !== ""),
    useOciTypes: (isIndex) => isOciGiven ?? (isOci || isIndex),
    annotations,
    form,
    epochMs: readEpoch(attributes),
    rewriteTimestamps,
    attestsInline: attributes.flag("attestation-inline") ?? false,
    isArtifact,
  };
}

/** What only documents of OCI's types can say. */
function assertDockerCan({ compression }: LayerForm, annotations: Annotations, isArtifact: boolean): void {
  if (compression === "zstd") throw conflicting("compression=zstd");
  if (isArtifact) throw conflicting("oci-artifact=true");
  if (annotations.some(({ type }) => type !== "manifest"))
    throw invalidArgument('cannot export annotations with "oci-mediatypes=false"');
}

export function readForm(
  attributes: ExporterAttributes,
  defaultCompression: LayerForm["compression"],
): LayerForm {
  const name = attributes.text("compression");
  const compression = name === undefined ? defaultCompression : compressionOf(name);
  const levelText = attributes.text("compression-level");
  const force = attributes.flag("force-compression") ?? false;
  if (levelText === undefined) return { compression, force };
  if (!/^[+-]?\d+$/.test(levelText))
    throw invalidArgument(`non-integer value ${levelText} specified for compression-level`);
  const level = Number(levelText);
  const highest = compression === "zstd" ? 22 : 9;
  return { compression, force, level: Math.min(Math.max(level, 0), highest) };
}

function compressionOf(name: string): LayerForm["compression"] {
  if (name === "uncompressed" || name === "gzip" || name === "zstd") return name;
  if (name === "estargz") throw notImplemented("compression estargz is not supported");
  throw invalidArgument(`unsupported layer compression type ${JSON.stringify(name)}`);
}

/** Whole seconds since 1970; `context` and an empty text leave it to the build's argument. */
export function readEpoch(attributes: ExporterAttributes): number | undefined {
  const text = attributes.text("source-date-epoch");
  return text === undefined || text === "" ? undefined : parseEpoch(text);
}

function parseEpoch(text: string): number {
  if (!/^[+-]?\d{1,13}$/.test(text)) throw invalidArgument(`invalid SOURCE_DATE_EPOCH: ${text}`);
  return Number(text) * 1000;
}

/** As Go's strconv.ParseBool. */
function parseBool(key: string, value: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw invalidArgument(
    `non-bool value specified for ${key}: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
}

function conflicting(option: string): GantryError {
  return invalidArgument(`exporter option "${option}" conflicts with "oci-mediatypes=false"`);
}
