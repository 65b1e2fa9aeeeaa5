/** What the loader needs of the machine: files, and where it stands. */
export interface ProjectFiles {
  /** Text of a file; undefined where there is none. Other failures throw. */
  read(path: string): string | undefined;
  /** What is at a path; undefined where there is nothing. */
  kind(path: string): "file" | "directory" | undefined;
  /** The path with its links resolved, itself where that cannot be done. */
  realPath(path: string): string;
  /** Standard input, for `-f -`. */
  readInput(): string;
  readonly currentDirectory: string;
  readonly homeDirectory: string | undefined;
}
