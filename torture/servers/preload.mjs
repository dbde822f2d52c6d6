// @ts-check
/** Loaded before a server under torture (`node --import`): arms the step at which it dies, and moves its clock. */
import { writeSync } from "node:fs";
import { getEnvironmentData, isMainThread, setEnvironmentData, Worker } from "node:worker_threads";

const NO_PLAN = '{"step":null,"count":0,"clockMs":0}';

/** @type {{ readonly step: string | null, readonly count: number, readonly clockMs: number }} */
const plan = isMainThread ? JSON.parse(process.env.PAYBELL_TORTURE ?? NO_PLAN) : getEnvironmentData("torture");
delete process.env.PAYBELL_TORTURE;
// The server's own threads load this file as well, and run a part of the steps.
setEnvironmentData("torture", plan);

if (plan.step !== null) arm(plan.step, plan.count);
if (plan.clockMs !== 0) moveClock(plan.clockMs);

/** @param {string} armed @param {number} count */
function arm(armed, count) {
  let left = count;
  // Killing from a thread of its own: SQLite's statements block the event loop, and death must come while one runs.
  const signal = new Int32Array(new SharedArrayBuffer(8));
  const killer = new Worker(
    `const { workerData } = require("node:worker_threads");
     Atomics.wait(workerData, 0, 0);
     if (workerData[1] > 0) Atomics.wait(workerData, 0, 1, workerData[1]);
     process.kill(process.pid, "SIGKILL");`,
    { eval: true, workerData: signal, execArgv: [] },
  );
  killer.unref();
  const isTurn = (/** @type {string} */ reached) => {
    if (reached !== armed || left <= 0) return false;
    left -= 1;
    if (left > 0) return false;
    writeSync(2, `TORTURE died at ${armed}\n`);
    return true;
  };
  Reflect.set(globalThis, "__torture", {
    step: (/** @type {string} */ reached) => {
      if (isTurn(reached)) process.kill(process.pid, "SIGKILL");
    },
    soon: (/** @type {string} */ reached, /** @type {number} */ withinMs) => {
      if (!isTurn(reached)) return;
      signal[1] = Math.floor(Math.random() * withinMs);
      Atomics.store(signal, 0, 1);
      Atomics.notify(signal, 0);
    },
  });
}

/** @param {number} byMs */
function moveClock(byMs) {
  const Right = Date;
  class Wrong extends Right {
    /** @param {any[]} given */
    constructor(...given) {
      // @ts-expect-error The constructor's overloads are not those of a list.
      super(...(given.length === 0 ? [Right.now() + byMs] : given));
    }
    /** @override */
    static now() {
      return Right.now() + byMs;
    }
  }
  globalThis.Date = /** @type {DateConstructor} */ (/** @type {unknown} */ (Wrong));
}
