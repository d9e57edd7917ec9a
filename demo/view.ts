import type { Met } from './expectations.ts';
import { drawFrame, memberRows, metLine } from './frame.ts';
import type { Orchestra } from './orchestra.ts';

/** How the demo is followed while it runs. */
export interface View {
  /** A stage begins. */
  stage(title: string): void;
  /** An expectation is waited for. */
  open(name: string): void;
  /** An expectation holds. */
  met(met: Met): void;
  /** Leaves the output ready for other text. */
  end(): void;
}

/** For `--json`: nothing. */
export function silentView(): View {
  return { stage: () => {}, open: () => {}, met: () => {}, end: () => {} };
}

/** For pipes and files: a line for each stage and each expectation, and the members after each stage. */
export function plainView(orchestra: Orchestra, output: NodeJS.WritableStream): View {
  const end = (): void => {
    const rows = memberRows(orchestra.all()).map((row) => `  ${row}\n`);
    output.write(`\n${rows.join('')}`);
  };
  return {
    stage: (title) => {
      if (orchestra.all().length > 0) end();
      output.write(`\nstage ${title}\n`);
    },
    open: () => {},
    met: (met) => {
      output.write(`${metLine(met)}\n`);
    },
    end,
  };
}

const REDRAW_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** For terminals: a picture that is drawn again in its place, several times a second. */
export class LiveView implements View {
  readonly #orchestra: Orchestra;
  readonly #output: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  readonly #met: Met[] = [];
  readonly #timer: NodeJS.Timeout;
  #stage = '';
  #open: string | null = null;
  #drawnLines = 0;
  #hasEnded = false;

  constructor(orchestra: Orchestra, output: NodeJS.WriteStream) {
    this.#orchestra = orchestra;
    this.#output = output;
    output.write(HIDE_CURSOR);
    this.#timer = setInterval(() => {
      this.#redraw();
    }, REDRAW_MS);
  }

  stage(title: string): void {
    this.#stage = title;
    this.#draw();
  }

  open(name: string): void {
    this.#open = name;
    this.#draw();
  }

  met(met: Met): void {
    this.#met.push(met);
    this.#open = null;
    this.#draw();
  }

  end(): void {
    if (this.#hasEnded) return;
    clearInterval(this.#timer);
    this.#draw();
    this.#hasEnded = true;
    this.#output.write(SHOW_CURSOR);
  }

  /** Draws what the members say now, also while nothing is waited for. */
  #redraw(): void {
    this.#orchestra.refresh().then(
      () => {
        this.#draw();
      },
      () => {},
    );
  }

  #draw(): void {
    if (this.#hasEnded) return;
    const lines = drawFrame(
      {
        elapsedMs: performance.now() - this.#startedAt,
        stage: this.#stage,
        members: this.#orchestra.all(),
        met: this.#met,
        open: this.#open,
      },
      { columns: this.#output.columns || 80, rows: (this.#output.rows || 24) - 1 },
    );
    const back = this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A`;
    this.#output.write(`${back}\u001b[J${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }
}
