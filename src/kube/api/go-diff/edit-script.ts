/** How one list becomes another: an element of both, of the first only, of the second only, or changed from one to the other. */
export type Edit = "identity" | "uniqueX" | "uniqueY" | "modified";

/** How many parts of two elements are the same, and how many are not. */
export interface Likeness {
  same: number;
  different: number;
}

type Compare = (x: number, y: number) => Likeness;

const isEqual = ({ different }: Likeness) => different === 0;
const isSimilar = ({ same, different }: Likeness) => same + 1 >= different;

/** A way through the edit graph, from one of its corners. */
class Path {
  readonly edits: Edit[] = [];
  readonly #direction: 1 | -1;
  x: number;
  y: number;

  constructor(direction: 1 | -1, x: number, y: number) {
    this.#direction = direction;
    this.x = x;
    this.y = y;
  }

  append(edit: Edit): void {
    this.edits.push(edit);
    if (edit !== "uniqueY") this.x += this.#direction;
    if (edit !== "uniqueX") this.y += this.#direction;
  }

  connect(x: number, y: number, compare: Compare): void {
    const isForward = this.#direction === 1;
    const left = () => [Math.abs(x - this.x), Math.abs(y - this.y)] as const;
    for (let [dx, dy] = left(); dx > 0 && dy > 0; [dx, dy] = left()) {
      const likeness = isForward ? compare(this.x, this.y) : compare(this.x - 1, this.y - 1);
      if (isEqual(likeness)) this.append("identity");
      else if (isSimilar(likeness)) this.append("modified");
      else if (isForward) this.append(dx >= dy ? "uniqueX" : "uniqueY");
      else this.append(dy >= dx ? "uniqueY" : "uniqueX");
    }
    while (this.x !== x) this.append("uniqueX");
    while (this.y !== y) this.append("uniqueY");
  }
}

/** 0, -1, 1, -2, 2, … */
const zigzag = (i: number) => (i % 2 === 1 ? -((i + 1) / 2) : i / 2);

/**
 * The edits that go-cmp finds between two lists of these lengths (cmp/internal/diff.Difference): a greedy search from both
 * ends in turn, not always the shortest. go-cmp tosses a coin at the start of a process which end comes first; here it is
 * the back.
 */
export function editScript(xLength: number, yLength: number, compare: Compare): Edit[] {
  const front = new Path(1, 0, 0);
  const back = new Path(-1, xLength, yLength);
  const frontier = { front: { x: 0, y: 0 }, back: { x: xLength, y: yLength } };
  let budget = 4 * (xLength + yLength);
  const isDone = () =>
    frontier.front.x >= frontier.back.x || frontier.front.y >= frontier.back.y || budget === 0;

  function searchForward(): void {
    const from = frontier.front;
    for (let i = 0, hitsRight = false, hitsLeft = false; !(hitsRight && hitsLeft) && budget > 0; i++) {
      const [x, y] = [from.x + zigzag(i), from.y - zigzag(i)];
      if (x >= back.x || y < front.y) hitsRight = true;
      else if (y >= back.y || x < front.x) hitsLeft = true;
      else if (isEqual(compare(x, y))) {
        front.connect(x, y, compare);
        front.append("identity");
        while (front.x < back.x && front.y < back.y && isEqual(compare(front.x, front.y)))
          front.append("identity");
        frontier.front = { x: front.x, y: front.y };
        break;
      } else budget--;
    }
    if (back.x - frontier.front.x >= back.y - frontier.front.y) frontier.front.x++;
    else frontier.front.y++;
  }

  function searchBackward(): void {
    const from = frontier.back;
    for (let i = 0, hitsLeft = false, hitsRight = false; !(hitsLeft && hitsRight) && budget > 0; i++) {
      const [x, y] = [from.x - zigzag(i), from.y + zigzag(i)];
      if (front.x >= x || back.y < y) hitsLeft = true;
      else if (front.y >= y || back.x < x) hitsRight = true;
      else if (isEqual(compare(x - 1, y - 1))) {
        back.connect(x, y, compare);
        back.append("identity");
        while (front.x < back.x && front.y < back.y && isEqual(compare(back.x - 1, back.y - 1)))
          back.append("identity");
        frontier.back = { x: back.x, y: back.y };
        break;
      } else budget--;
    }
    if (frontier.back.x - front.x >= frontier.back.y - front.y) frontier.back.x--;
    else frontier.back.y--;
  }

  for (let isForward = false; !isDone(); isForward = !isForward) {
    if (isForward) searchForward();
    else searchBackward();
  }
  front.connect(back.x, back.y, compare);
  return [...front.edits, ...back.edits.reverse()];
}
