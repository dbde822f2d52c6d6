/** One line on stderr that is written over, where somebody watches; nothing into files and pipes. */
export interface ProgressLine {
  show(part: string, done: number, of: number): void;
  end(): void;
}

const EVERY_MS = 200;

export function progressLine(stream: NodeJS.WriteStream, isQuiet: boolean, clock: () => number): ProgressLine {
  let last = 0;
  const isShown = !isQuiet && stream.isTTY;
  return {
    show(part, done, of) {
      if (!isShown || clock() - last < EVERY_MS) return;
      last = clock();
      const share = of > 0 ? ` of about ${of.toLocaleString("en")}` : "";
      stream.write(`\r\x1b[K${part}: ${done.toLocaleString("en")}${share}`);
    },
    end() {
      if (isShown) stream.write("\r\x1b[K");
    },
  };
}
