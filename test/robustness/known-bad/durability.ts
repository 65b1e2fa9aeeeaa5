import type { Mutation } from "../../../src/store/embedded/backend.ts";
import { LmdbBackend } from "../../../src/store/embedded/lmdb-backend.ts";
import type { KnownBad } from "./index.ts";

const LATE_MS = 20;
let seen = 0;

/** Says that a commit is durable before it is. */
export const earlyAcknowledgement: KnownBad = {
  patch() {
    const { commit } = LmdbBackend.prototype;
    let last = Promise.resolve();
    LmdbBackend.prototype.commit = async function (mutations, revision) {
      last = last
        .then(() => new Promise((resolve) => setTimeout(resolve, LATE_MS)))
        .then(() => commit.call(this, mutations, revision));
    };
  },
  fault: "kill",
  breaks: ["nothing acknowledged is lost", "history is stable"],
};

function patchMutations(keep: (mutation: Mutation) => boolean): () => void {
  return () => {
    const { commit } = LmdbBackend.prototype;
    LmdbBackend.prototype.commit = function (mutations, revision) {
      return commit.call(this, mutations.filter(keep), revision);
    };
  };
}

/** Some deletes never reach the disk. */
export const lostDelete: KnownBad = {
  patch: patchMutations(
    (mutation) => !(mutation.type === "version" && mutation.record.deleted && ++seen % 5 === 0),
  ),
  breaks: ["nothing acknowledged is lost", "nothing deleted comes back"],
};

/** Compaction removes versions that are still needed. */
export const lostHead: KnownBad = {
  patch() {
    const { commit } = LmdbBackend.prototype;
    LmdbBackend.prototype.commit = function (mutations, revision) {
      const damaged = mutations.flatMap((mutation): Mutation[] => {
        if (mutation.type !== "version" || mutation.record.deleted || ++seen % 50 !== 0) return [mutation];
        const { key, modRevision } = mutation.record;
        return [mutation, { type: "dropVersion", key, revision: modRevision }];
      });
      return commit.call(this, damaged, revision);
    };
  },
  breaks: ["check is clean", "it serves what it has"],
};

/** Every sync succeeds without being done: only a power cut can tell. */
export const dropSync: KnownBad = {
  inject: ["-e", "trace=fdatasync,fsync,msync", "-e", "inject=fdatasync,fsync,msync:retval=0"],
  fault: "power-cut",
  breaks: ["nothing acknowledged is lost", "it starts again"],
};
