const WIDTH = 30;

const percent = (done: number, total: number): number => Math.floor((100 * done) / total);

/** Shows how far something is: a bar on a terminal, a line at each quarter elsewhere. */
export const progress = (
  label: string,
  total: number,
  out: NodeJS.WriteStream = process.stdout,
): ((done: number) => void) => {
  let shown = -1;
  return (done) => {
    const now = percent(done, total);
    if (out.isTTY) {
      if (now === shown) return;
      const full = Math.round((WIDTH * done) / total);
      out.write(`\r${label} ${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${now} %`);
      if (done === total) out.write("\n");
    } else {
      if (Math.floor(now / 25) === Math.floor(shown / 25)) return;
      out.write(`${label} ${now} %\n`);
    }
    shown = now;
  };
};
