/** A reader of Server-Sent Events, as far as the tests need one. */

export interface Told {
  readonly id: string | null;
  readonly event: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came.
  readonly data: any;
}

export interface Listener {
  readonly status: number;
  readonly headers: Headers;
  readonly told: Told[];
  /** Everything that came, comments too. */
  text(): string;
  /** Resolves when the server has ended it, or it was closed. */
  readonly ended: Promise<void>;
  /** Resolves when so many were told; rejects after `ms`. */
  until(count: number, ms?: number): Promise<readonly Told[]>;
  close(): void;
}

export async function listen(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
  const cut = new AbortController();
  const response = await fetch(url, { headers, signal: cut.signal });
  const told: Told[] = [];
  let text = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const more = decoder.decode(chunk, { stream: true });
      text += more;
      const blocks = (rest + more).split("\n\n");
      rest = blocks.pop() ?? "";
      told.push(...blocks.flatMap(readBlock));
    }
  };
  const ended = read().catch(() => undefined);
  return {
    status: response.status,
    headers: response.headers,
    told,
    text: () => text,
    ended,
    async until(count, ms = 5_000) {
      const end = Date.now() + ms;
      while (told.length < count) {
        if (Date.now() > end) throw new Error(`${told.length} of ${count} were told within ${ms} ms:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return told;
    },
    close: () => cut.abort(),
  };
}

function readBlock(block: string): readonly Told[] {
  const field = (name: string) => {
    const line = block.split("\n").find((one) => one.startsWith(`${name}: `));
    return line === undefined ? null : line.slice(name.length + 2);
  };
  const data = field("data");
  return data === null ? [] : [{ id: field("id"), event: field("event"), data: JSON.parse(data) }];
}
