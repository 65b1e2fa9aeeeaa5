/** An unsigned 64-bit integer; a class of its own because int is what a bigint stands for. */
export class CelUint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}
