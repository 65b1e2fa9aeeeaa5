import type { FileEntry } from "../session/types.ts";

/** A client's directory as it was sent: nobody changes it until it is released. */
export interface LocalTree {
  /** Differs from that of any other state of any directory. */
  readonly identity: string;
  /** Absolute path of the directory. */
  readonly dir: string;
  readonly rootFd: number;
  /** What is there, by path; files with the SHA-256 of their content. */
  readonly entries: ReadonlyMap<string, LocalEntry>;
  /** Inodes (`dev:ino`) that the client has under several names: copies have them so, too. */
  readonly hardLinked?: ReadonlySet<string>;
  /** Whoever uses it longer than the one who asked for it; returns how to let go. */
  hold(): () => void;
}

export interface LocalEntry extends FileEntry {
  /** SHA-256 of a regular file's content, in hex; undefined for what has none. */
  contentDigest?: string;
}
