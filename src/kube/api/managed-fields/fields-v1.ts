import { isJsonObject } from "../../../formats/index.ts";
import { asMember, EMPTY_SET, type FieldSet, LEAF, nodeOf, sortedNode } from "./field-set.ts";
import { compareElements, type PathElement, readElement } from "./path-element.ts";
import { RecentlyKnown } from "./recently-known.ts";

/** FieldsV1: `{"f:spec":{".":{},"f:replicas":{}}}`, where `.` says that the path itself is a member. */
export type FieldsV1 = { [element: string]: FieldsV1 };

const SELF = ".";

/**
 * What frozen objects were read as. Most are read again soon after they were written or never; kept for each object of a large
 * cluster they would take more memory than the objects.
 */
const known = new RecentlyKnown<object, DecodedFields>();
const encoded = new RecentlyKnown<FieldSet, FieldsV1>();

/** The members stand in the order of the set: clients compare the text. What is equal is often the same object; it is frozen. */
export function encodeFields(set: FieldSet): FieldsV1 {
  let fields = encoded.get(set);
  if (!fields) {
    fields = encodeNode(set);
    encoded.set(set, fields);
    known.set(fields, { set, isCanonical: true });
  }
  return fields;
}

function encodeNode(set: FieldSet): FieldsV1 {
  const out: FieldsV1 = {};
  if (set.isMember && set.elements.length > 0) out[SELF] = NOTHING_BELOW;
  for (let at = 0; at < set.elements.length; at++) {
    const node = set.nodes[at]!;
    out[set.elements[at]!] = node.elements.length === 0 ? NOTHING_BELOW : encodeNode(node);
  }
  return sharedNode(Object.freeze(out));
}

const NOTHING_BELOW: FieldsV1 = Object.freeze({});

/** Nodes by what stands in them: a condition's fields are the same in all pods. Begun anew when there are too many. */
const shared = new Map<string, FieldsV1>();
let numbers = new WeakMap<FieldsV1, number>([[NOTHING_BELOW, 0]]);
const MAX_SHARED = 8192;

function sharedNode(node: FieldsV1): FieldsV1 {
  let key = "";
  for (const element of Object.keys(node)) {
    const below = numbers.get(node[element]!);
    if (below === undefined) return node;
    key += `${element.length}:${element}${below};`;
  }
  const found = shared.get(key);
  if (found) return found;
  if (shared.size >= MAX_SHARED) {
    shared.clear();
    numbers = new WeakMap([[NOTHING_BELOW, 0]]);
    return node;
  }
  shared.set(key, node);
  numbers.set(node, shared.size);
  return node;
}

export interface DecodedFields {
  readonly set: FieldSet;
  /** Whether encoding the set gives just what was read. */
  readonly isCanonical: boolean;
}

/**
 * Reads FieldsV1; elements of unknown kinds are passed over. Throws an Error for what is none. What is frozen is so down to its
 * leaves, as stored objects are, and is read once.
 */
export function decodeFields(fields: unknown): DecodedFields {
  if (!isJsonObject(fields) || !Object.isFrozen(fields)) return readFields(fields);
  const found = known.get(fields) ?? readFields(fields);
  known.set(fields, found);
  return found;
}

function readFields(fields: unknown): DecodedFields {
  const decoded = { isCanonical: true };
  const root = decodeNode(fields, decoded);
  // Nobody owns the whole object, whatever stands there.
  const set = root.isMember ? nodeOf(false, root.elements, root.nodes) : root;
  return { set, isCanonical: decoded.isCanonical };
}

function decodeNode(fields: unknown, decoded: { isCanonical: boolean }): FieldSet {
  if (fields === null || fields === undefined) {
    decoded.isCanonical = false;
    return LEAF;
  }
  if (!isJsonObject(fields)) throw new Error("expect { or n, but found something else");
  const keys = Object.keys(fields);
  if (keys.length === 0) return LEAF;
  const hasSelf = keys[0] === SELF;
  if (hasSelf && keys.length === 1) decoded.isCanonical = false;
  const elements: PathElement[] = [];
  const nodes: FieldSet[] = [];
  for (let at = hasSelf ? 1 : 0; at < keys.length; at++) {
    const key = keys[at]!;
    const element = key === SELF ? undefined : readElement(key);
    const isInOrder =
      element === key && (elements.length === 0 || compareElements(elements.at(-1)!, element) < 0);
    if (!isInOrder) return decodeUnordered(fields, decoded);
    elements.push(element);
    nodes.push(decodeNode(fields[key], decoded));
  }
  return nodeOf(hasSelf || elements.length === 0, elements, nodes);
}

/** What another program wrote, in its own order and spelling. Of two equal elements the later one counts. */
function decodeUnordered(fields: object, decoded: { isCanonical: boolean }): FieldSet {
  decoded.isCanonical = false;
  const children = new Map<PathElement, FieldSet>();
  let isMember = false;
  for (const [key, value] of Object.entries(fields)) {
    const element = key === SELF ? undefined : readElement(key);
    if (key === SELF) isMember = true;
    if (element === undefined) continue;
    const before = children.get(element) ?? EMPTY_SET;
    const node = decodeNode(value, decoded);
    children.set(element, before.isMember ? asMember(node) : node);
  }
  return sortedNode(isMember || children.size === 0, [...children]);
}
