import { closeSync, openSync, readSync } from "node:fs";
import { FairTurn } from "../../base/index.ts";

// LMDB's pages (mdb.c: MDB_page_header, MDB_node, MDB_db, MDB_ovpage), all numbers little-endian. Offsets of nodes and free room
// count from behind the page's header.
const HEADER_BYTES = 24;
const HEADER = { number: 0, flags: 18, lower: 20, upper: 22 } as const;
const NODE_BYTES = 8;
const NODE = { low: 0, high: 2, flags: 4, keySize: 6 } as const;
const TREE_BYTES = 48;
const TREE = { depth: 6, branchPages: 8, leafPages: 16, overflowPages: 24, entries: 32, root: 40 } as const;
const OVERFLOW_REFERENCE_BYTES = 24;
const META = { pageSize: 48, freeTree: 48, mainTree: 96, lastPage: 144, transaction: 152 } as const;

const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const KIND_MASK = 0x2f;
const BIG_DATA = 1;
const SUB_TREE = 2;
const NO_ROOT = 2n ** 64n - 1n;
const DEFAULT_PAGE_BYTES = 4096;

interface Tree {
  depth: number;
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
  root: number | undefined;
}

export interface PageProblem {
  message: string;
  page: number;
  offset: number;
}

/**
 * Walks all trees of an LMDB file and tells the first page of each that cannot be right. LMDB itself trusts its pages: reading a
 * damaged one can end the process. With `onlyInner` the pages that hold the entries are left out, of which a large store has
 * most. Must not run while pages may be taken back (see `useReadTransaction`).
 */
export async function checkPages(
  path: string,
  options: { onlyInner: boolean; signal?: AbortSignal },
): Promise<PageProblem[]> {
  const fd = openSync(path, "r");
  try {
    return await new PageWalk(fd, options.onlyInner, new FairTurn(options.signal)).run();
  } finally {
    closeSync(fd);
  }
}

class Damaged extends Error {
  readonly page: number;

  constructor(page: number, message: string) {
    super(message);
    this.page = page;
  }
}

class PageWalk {
  readonly #fd: number;
  readonly #onlyInner: boolean;
  readonly #turn: FairTurn;
  readonly #pageBytes: number;
  readonly #lastPage: number;
  readonly #trees: Tree[];
  readonly #seen = new Set<number>();

  constructor(fd: number, onlyInner: boolean, turn: FairTurn) {
    this.#fd = fd;
    this.#onlyInner = onlyInner;
    this.#turn = turn;
    const meta = newestMeta(fd);
    this.#pageBytes = meta.readUInt32LE(META.pageSize) || DEFAULT_PAGE_BYTES;
    this.#lastPage = numberAt(meta, META.lastPage);
    this.#trees = [treeAt(meta, META.freeTree), treeAt(meta, META.mainTree)];
  }

  async run(): Promise<PageProblem[]> {
    const problems: PageProblem[] = [];
    for (let next = this.#trees.shift(); next; next = this.#trees.shift()) {
      try {
        await this.#walk(next);
      } catch (error) {
        if (!(error instanceof Damaged)) throw error;
        problems.push({ message: error.message, page: error.page, offset: error.page * this.#pageBytes });
      }
    }
    return problems;
  }

  /** Level by level, so that neither a long path nor a circle can do harm. */
  async #walk(tree: Tree): Promise<void> {
    if (tree.root === undefined) return;
    let level = [tree.root];
    const found = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
    for (let depth = 1; depth <= tree.depth; depth++) {
      const isLeaf = depth === tree.depth;
      if (isLeaf && this.#onlyInner && tree.depth > 1) return;
      const children: number[] = [];
      for (const number of level) {
        if (this.#turn.isSpent) await this.#turn.next();
        const page = this.#page(number, isLeaf ? LEAF : BRANCH);
        if (isLeaf) found.leafPages++;
        else found.branchPages++;
        this.#readNodes(number, page, isLeaf, found, children);
      }
      level = children;
    }
    for (const name of ["branchPages", "leafPages", "overflowPages", "entries"] as const) {
      if (found[name] === tree[name]) continue;
      throw new Damaged(tree.root, `its tree has ${found[name]} ${name} and should have ${tree[name]}`);
    }
  }

  #readNodes(
    number: number,
    page: Buffer,
    isLeaf: boolean,
    found: { overflowPages: number; entries: number },
    children: number[],
  ): void {
    const room = this.#pageBytes - HEADER_BYTES;
    const [lower, upper] = [page.readUInt16LE(HEADER.lower), page.readUInt16LE(HEADER.upper)];
    const count = lower >> 1;
    if (lower > upper || upper > room || count === 0) throw new Damaged(number, "its header makes no sense");
    for (let index = 0; index < count; index++) {
      const at = page.readUInt16LE(HEADER_BYTES + 2 * index);
      if (at < upper || at + NODE_BYTES > room) throw new Damaged(number, `entry ${index} lies outside`);
      const node = page.subarray(HEADER_BYTES + at);
      const size = isLeaf
        ? this.#readLeafNode(number, node, found)
        : this.#readBranchNode(number, node, children);
      if (size > node.length) throw new Damaged(number, `entry ${index} is longer than the page`);
    }
    if (isLeaf) found.entries += count;
  }

  #readBranchNode(number: number, node: Buffer, children: number[]): number {
    const child = node.readUInt32LE(NODE.low) + node.readUInt16LE(NODE.flags) * 2 ** 32;
    if (child < 2 || child > this.#lastPage)
      throw new Damaged(number, `it leads to page ${child}, which does not exist`);
    children.push(child);
    return NODE_BYTES + node.readUInt16LE(NODE.keySize);
  }

  #readLeafNode(number: number, node: Buffer, found: { overflowPages: number }): number {
    const flags = node.readUInt16LE(NODE.flags);
    const dataBytes = node.readUInt32LE(NODE.low);
    const keyBytes = node.readUInt16LE(NODE.keySize);
    // LMDB takes no such key, so these are zeros of a torn page; looking for a key, it would pass by them.
    if (keyBytes === 0) throw new Damaged(number, "an entry has no key");
    const dataAt = NODE_BYTES + keyBytes;
    const isBig = (flags & BIG_DATA) !== 0;
    const size = dataAt + (isBig ? OVERFLOW_REFERENCE_BYTES : dataBytes);
    if (size > node.length) return size;
    if (isBig) found.overflowPages += this.#checkOverflow(number, node.subarray(dataAt), dataBytes);
    if ((flags & SUB_TREE) !== 0) {
      if (dataBytes !== TREE_BYTES) throw new Damaged(number, "it names a tree that is none");
      this.#trees.push(treeAt(node, dataAt));
    }
    return size;
  }

  /** A value on pages of its own: only the first has a header. */
  #checkOverflow(number: number, reference: Buffer, dataBytes: number): number {
    const [first, pages] = [numberAt(reference, 0), numberAt(reference, 16)];
    const needed = Math.ceil((HEADER_BYTES + dataBytes) / this.#pageBytes);
    if (first < 2 || pages < needed || first + pages - 1 > this.#lastPage) {
      throw new Damaged(number, `it leads to pages ${first} to ${first + pages - 1}, which cannot be`);
    }
    this.#page(first, OVERFLOW);
    return pages;
  }

  #page(number: number, kind: number): Buffer {
    if (this.#seen.has(number)) throw new Damaged(number, "it is used twice");
    this.#seen.add(number);
    const bytes = kind === OVERFLOW ? HEADER_BYTES : this.#pageBytes;
    const page = Buffer.allocUnsafe(bytes);
    const got = readSync(this.#fd, page, 0, bytes, number * this.#pageBytes);
    if (got < bytes) throw new Damaged(number, "the file ends before it");
    const isRight =
      numberAt(page, HEADER.number) === number && (page.readUInt16LE(HEADER.flags) & KIND_MASK) === kind;
    if (!isRight) throw new Damaged(number, "its header is not the one that it should have");
    return page;
  }
}

function newestMeta(fd: number): Buffer {
  const metas = [0, 1].map((index) => {
    const meta = Buffer.alloc(HEADER_BYTES + 176);
    readSync(fd, meta, 0, meta.length, index * DEFAULT_PAGE_BYTES);
    return meta;
  });
  const [first, second] = metas as [Buffer, Buffer];
  return second.readBigUInt64LE(META.transaction) > first.readBigUInt64LE(META.transaction) ? second : first;
}

function treeAt(bytes: Buffer, at: number): Tree {
  const root = bytes.readBigUInt64LE(at + TREE.root);
  return {
    depth: bytes.readUInt16LE(at + TREE.depth),
    branchPages: numberAt(bytes, at + TREE.branchPages),
    leafPages: numberAt(bytes, at + TREE.leafPages),
    overflowPages: numberAt(bytes, at + TREE.overflowPages),
    entries: numberAt(bytes, at + TREE.entries),
    root: root === NO_ROOT ? undefined : Number(root),
  };
}

const numberAt = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at));
