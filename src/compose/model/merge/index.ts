export { mergeServices, mergeTrees } from "./merge.ts";
export { keepUnique } from "./unique-entries.ts";
