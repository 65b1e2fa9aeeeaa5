/** A statement about an image, without the image: what an exporter puts into an in-toto statement. */
export interface Attestation {
  predicateType: string;
  /** Made when it is exported: it may tell when the build ended. */
  predicate(): Promise<object>;
  /** Not asked for: it goes along where an image goes to others, and nowhere else. */
  isInlineOnly: boolean;
  /** Name of its file beside a result's files. */
  fileName: string;
}

/** What a client wants to be told of a build, by kind: `provenance`, `sbom`. */
export type AttestationWishes = Readonly<Record<string, Readonly<Record<string, string>>>>;
