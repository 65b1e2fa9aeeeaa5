export { compareKeys } from "./compare-keys.ts";
export { emitYaml, OrderedMap, type YamlOut } from "./emit-yaml.ts";
export { parseYaml, placeKey, type YamlDocument } from "./parse-yaml.ts";
