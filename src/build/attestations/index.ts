export { attestationWishes } from "./attestation-wishes.ts";
export { type AttestRequest, attestationsOf } from "./attestations-of.ts";
export type { Attestation, AttestationWishes } from "./types.ts";
