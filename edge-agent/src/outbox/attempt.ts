/** What cannot be read is missing: that is the answer a salvage wants. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
