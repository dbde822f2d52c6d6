/**
 * The newest answer while it is younger than `freshMs`; one question at a time, however many ask. Probes and scrapers come
 * from many places each second, and each would be a query. A failed answer is not remembered.
 */
export function remembered<Value>(freshMs: number, now: () => Date, ask: () => Promise<Value>): () => Promise<Value> {
  let askedAt = 0;
  let answer: Promise<Value> | null = null;
  return () => {
    const age = now().getTime() - askedAt;
    if (answer !== null && age >= 0 && age <= freshMs) return answer;
    askedAt = now().getTime();
    const asked = ask();
    answer = asked;
    asked.catch(() => {
      if (answer === asked) answer = null;
    });
    return asked;
  };
}
