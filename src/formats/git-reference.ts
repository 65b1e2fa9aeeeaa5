import { invalidArgument } from "../base/index.ts";
import { parseGoBool } from "./go-bool.ts";
import { type GoUrl, parseGoUrl, queryValues } from "./go-url.ts";

/** A git repository as a build context or source of ADD names it: `https://host/repo.git#branch:directory`. */
export interface GitReference {
  /** URL without what follows `?` or `#`. */
  remote: string;
  scheme: "http" | "https" | "ssh" | "git";
  host: string;
  path: string;
  ref: string;
  subdirectory: string;
  checksum: string;
  /** `github.com/owner/repo`, which could be a path as well. */
  looksLikePath: boolean;
  keepGitDir?: boolean;
  submodules?: boolean;
  mtime: "" | "checkout" | "commit";
  fetchByCommit: boolean;
}

/** `user@host:path`, as scp takes it. */
const SCP_STYLE = /^([a-zA-Z0-9-_]+)@([a-zA-Z0-9-.]+):(.*?)(?:\?(.*?))?(?:#(.*))?$/;
const OPTIONAL_VALUE = new Set(["submodules", "keep-git-dir", "fetch-by-commit"]);

/**
 * Reads a git reference by the rules of BuildKit (frontend/dockerfile/dfgitutil); undefined for what is none. Fails with
 * InvalidArgument where it is one with options that make no sense.
 */
export function parseGitReference(text: string): GitReference | undefined {
  if (text.startsWith("./") || text.startsWith("../")) return undefined;
  const parsed = scpStyle(text) ?? withScheme(text) ?? githubPath(text);
  if (!parsed) return undefined;
  const [ref = "", directory = ""] = splitOnce(parsed.fragment, ":");
  const reference: GitReference = {
    remote: parsed.remote,
    scheme: parsed.scheme,
    host: parsed.host,
    path: parsed.path,
    ref,
    subdirectory: cleanDirectory(directory),
    checksum: "",
    looksLikePath: parsed.looksLikePath,
    mtime: "",
    fetchByCommit: false,
  };
  applyQuery(reference, parsed.query);
  return reference;
}

/** The text for people to see: a name and a password in a URL are hidden. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-zA-Z0-9]+:\/\/)([^/@]*):[^/@]*@/, (_, scheme: string) => `${scheme}xxxxx:xxxxx@`);
}

interface Parsed extends Pick<GitReference, "remote" | "scheme" | "host" | "path" | "looksLikePath"> {
  query: ReadonlyMap<string, string[]>;
  fragment: string;
}

function scpStyle(text: string): Parsed | undefined {
  if (/^[a-zA-Z0-9]+:\/\//.test(text)) return undefined;
  const match = SCP_STYLE.exec(text);
  if (!match) return undefined;
  const [, user, host, path, query = "", fragment = ""] = match;
  const remote = `${user}@${host}:${path}`;
  const values = queryValues({ rawQuery: query } as GoUrl);
  return { remote, scheme: "ssh", host: host!, path: path!, query: values, fragment, looksLikePath: false };
}

function withScheme(text: string): Parsed | undefined {
  const scheme = /^(https?|git|ssh):\/\//i.exec(text)?.[1]?.toLowerCase() as
    | GitReference["scheme"]
    | undefined;
  if (scheme === undefined) return undefined;
  const url = tryUrl(text);
  if (!url) return undefined;
  // An address of the web is a repository only if it says so.
  if (scheme.startsWith("http") && !url.path.endsWith(".git")) return undefined;
  return fromUrl(text, url, scheme, false);
}

function githubPath(text: string): Parsed | undefined {
  if (!text.startsWith("github.com/")) return undefined;
  const url = tryUrl(`https://${text}`);
  return url && fromUrl(text, url, "https", true);
}

function fromUrl(text: string, url: GoUrl, scheme: GitReference["scheme"], looksLikePath: boolean): Parsed {
  const remote = text.replace(/[?#].*$/s, "");
  const { host, path, fragment } = url;
  return { remote, scheme, host, path, query: queryValues(url), fragment, looksLikePath };
}

function tryUrl(text: string): GoUrl | undefined {
  try {
    return parseGoUrl(text);
  } catch {
    return undefined;
  }
}

function applyQuery(reference: GitReference, query: ReadonlyMap<string, string[]>): void {
  let tag = "";
  let branch = "";
  for (const [key, values] of query) {
    if (values.length > 1) throw invalidArgument(`query ${JSON.stringify(key)} has multiple values`);
    const value = values[0] ?? "";
    if (value === "" && !OPTIONAL_VALUE.has(key))
      throw invalidArgument(`query ${JSON.stringify(key)} has no value`);
    if (key === "tag") tag = value;
    else if (key === "branch") branch = value;
    else applyOption(reference, key, value);
  }
  if (tag !== "") setRef(reference, tag.startsWith("refs/tags/") ? tag : `refs/tags/${tag}`);
  if (branch === "") return;
  if (tag !== "") throw invalidArgument("branch conflicts with tag");
  setRef(reference, branch.startsWith("refs/heads/") ? branch : `refs/heads/${branch}`);
}

function applyOption(reference: GitReference, key: string, value: string): void {
  switch (key) {
    case "ref":
      setRef(reference, value);
      return;
    case "subdir":
      if (reference.subdirectory !== "" && reference.subdirectory !== value)
        throw conflict("subdir", reference.subdirectory, value);
      reference.subdirectory = cleanDirectory(value);
      return;
    case "checksum":
    case "commit":
      reference.checksum = value;
      return;
    case "keep-git-dir":
      reference.keepGitDir = option(key, value);
      return;
    case "submodules":
      reference.submodules = option(key, value);
      return;
    case "mtime":
      if (value !== "checkout" && value !== "commit")
        throw invalidArgument(
          `invalid mtime value: ${JSON.stringify(value)} (must be "checkout" or "commit")`,
        );
      reference.mtime = value;
      return;
    case "fetch-by-commit":
      reference.fetchByCommit = option(key, value);
      return;
    default:
      throw invalidArgument(`unexpected query ${JSON.stringify(key)}`);
  }
}

function setRef(reference: GitReference, ref: string): void {
  if (reference.ref !== "" && reference.ref !== ref) throw conflict("ref", reference.ref, ref);
  reference.ref = ref;
}

function conflict(what: string, one: string, other: string): Error {
  return invalidArgument(`${what} conflicts: ${JSON.stringify(one)} vs ${JSON.stringify(other)}`);
}

function option(key: string, value: string): boolean {
  if (value === "") return true;
  const parsed = parseGoBool(value);
  if (parsed === undefined) throw invalidArgument(`invalid ${key} value: ${JSON.stringify(value)}`);
  return parsed;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Without a way out of the repository. */
function cleanDirectory(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
