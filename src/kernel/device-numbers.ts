/** glibc's major(3) and minor(3) (sys/sysmacros.h). */
export function deviceMajor(device: number): number {
  const value = BigInt(device);
  return Number(((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n));
}

export function deviceMinor(device: number): number {
  const value = BigInt(device);
  return Number((value & 0xffn) | ((value >> 12n) & 0xffffff00n));
}
