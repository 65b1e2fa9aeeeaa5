export type { AlternativeName } from "./alternative-names.ts";
export * from "./byte-text.ts";
export * from "./certificate-request.ts";
export * from "./compression.ts";
export * from "./cron.ts";
export * from "./csv.ts";
export * from "./der-reader.ts";
export * from "./digest.ts";
export * from "./distinguished-name.ts";
export * from "./dns-names.ts";
export * from "./dockerfile/index.ts";
export * from "./field-selector.ts";
export type { Flag, FlagSection, GivenFlags } from "./flags/flag.ts";
export { FlagTable } from "./flags/flag-table.ts";
export type { FlagValues } from "./flags/flag-values.ts";
export { type GitReference, parseGitReference, withoutCredentials } from "./git-reference.ts";
export * from "./go-bool.ts";
export * from "./go-duration.ts";
export * from "./go-regexp.ts";
export * from "./go-url.ts";
export * from "./image-reference.ts";
export * from "./ip-address.ts";
export * from "./ip-address-problem.ts";
export * from "./ip-prefix.ts";
export * from "./json-integers.ts";
export * from "./json-patch.ts";
export * from "./json-pieces.ts";
export * from "./json-value.ts";
export * from "./jsonpath.ts";
export * from "./label-selector.ts";
export * from "./merge-patch.ts";
export * from "./msgpack.ts";
export { nearestWord, suggestion } from "./nearest-word.ts";
export * from "./oci-layout.ts";
export type * from "./oci-types.ts";
export { MediaType } from "./oci-types.ts";
export * from "./path-glob.ts";
export * from "./pem.ts";
export * from "./platform.ts";
export {
  ExpositionProblem,
  type PrometheusSample,
  prometheusSamples,
  type SampleType,
} from "./prometheus-samples.ts";
export { counter, gauge, Histogram, histogram, label, type MetricValue } from "./prometheus-text.ts";
export * as protobuf from "./protobuf-message.ts";
export {
  fieldHead,
  lengthDelimited,
  readField,
  varint,
  WireReader,
  WireWriter,
} from "./protobuf-wire.ts";
export * from "./quantity.ts";
export * from "./resource-list.ts";
export { parseSize } from "./size.ts";
export * from "./size-text.ts";
export {
  MAX_SPECIAL_BYTES,
  TAR_BLOCK_BYTES,
  type TarEntry,
  type TarEntryType,
  tarEntry,
  tarPaddingBytes,
} from "./tar-entry.ts";
export * from "./tar-reader.ts";
export * from "./tar-writer.ts";
export * from "./time-zone.ts";
export * from "./utf8-order.ts";
