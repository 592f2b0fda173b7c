import { TwinError } from "@plumbline/twin/errors";

/** No answer in time is an answer: "unknown", neither sent nor lost. @throws {TwinError} NO_ANSWER */
export async function within<T>(limit: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new TwinError("NO_ANSWER", `${what} was not answered within ${limit} ms`, "it is tried again", {
            retry: "later",
          }),
        ),
      limit,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
