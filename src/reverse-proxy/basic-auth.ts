import { createHash, timingSafeEqual } from "node:crypto";

/** So many proofs are remembered: most hashes are made to be slow. */
const MAX_REMEMBERED = 1000;

/** Who may come in by name and password: the lines of an htpasswd file (`name:hash`). */
export class BasicAuth {
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #proven = new Set<string>();

  constructor(users: string) {
    this.#hashes = new Map(
      users
        .split(/\r?\n/)
        .filter((line) => line.includes(":") && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
    );
  }

  /** Whether an Authorization header names one of them with their password. */
  admits(authorization: string | undefined): boolean {
    const [, encoded] = /^basic +(\S+) *$/i.exec(authorization ?? "") ?? [];
    if (encoded === undefined) return false;
    const key = createHash("sha256").update(encoded).digest("base64");
    if (this.#proven.has(key)) return true;
    const text = Buffer.from(encoded, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const hash = this.#hashes.get(text.slice(0, Math.max(0, colon)));
    if (colon < 0 || hash === undefined || !isPassword(text.slice(colon + 1), hash)) return false;
    if (this.#proven.size >= MAX_REMEMBERED) this.#proven.clear();
    this.#proven.add(key);
    return true;
  }
}

/** The kinds of hashes that nginx takes, but for those of crypt(3). */
function isPassword(password: string, hash: string): boolean {
  const [, salt] = /^\$apr1\$([^$]{0,8})\$/.exec(hash) ?? [];
  if (salt !== undefined) return isSame(apr1(password, salt), hash);
  if (hash.startsWith("{SHA}")) return isSame(`{SHA}${sha1(password)}`, hash);
  if (hash.startsWith("{SSHA}")) {
    const bytes = Buffer.from(hash.slice(6), "base64");
    return isSame(
      sha1(Buffer.concat([Buffer.from(password), bytes.subarray(20)])),
      bytes.subarray(0, 20).toString("base64"),
    );
  }
  return hash.startsWith("{PLAIN}") && isSame(password, hash.slice(7));
}

const sha1 = (data: string | Buffer) => createHash("sha1").update(data).digest("base64");

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a!, b!);
}

const ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ROUNDS = 1000;

/** Apache's variant of the MD5-based crypt (apr_md5_encode): what `htpasswd` writes. */
function apr1(password: string, salt: string): string {
  const word = Buffer.from(password);
  const md5 = (...parts: (string | Uint8Array)[]): Buffer => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const inner = md5(word, salt, word);
  const parts: Uint8Array[] = [word, Buffer.from("$apr1$"), Buffer.from(salt)];
  for (let left = word.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = word.length; bits > 0; bits >>= 1)
    parts.push((bits & 1) === 1 ? Buffer.of(0) : word.subarray(0, 1));
  let digest = md5(...parts);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1;
    digest = md5(
      odd ? word : digest,
      ...(round % 3 !== 0 ? [salt] : []),
      ...(round % 7 !== 0 ? [word] : []),
      odd ? digest : word,
    );
  }
  const triples: [number, number, number][] = [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ];
  const text = triples
    .map(([a, b, c]) => letters((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4))
    .join("");
  return `$apr1$${salt}$${text}${letters(digest[11]!, 2)}`;
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => ITOA64[(value >> (6 * index)) & 63]).join("");
}
