export { type RevisionKind, RevisionWriter } from "./revision-writer.ts";
export { numberAfter, revisionData, sameData, templateOf } from "./revisioned.ts";
export { watchRevisions } from "./watch-revisions.ts";
