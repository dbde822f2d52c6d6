import type { TortureDatabase } from "../databases/database.ts";
import type { PaypalSide } from "../gateways/paypal-side.ts";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import { type Receivers, receiverFaults } from "../receivers/receivers.ts";
import type { ServerSlot } from "../servers/server.ts";

/** Whom it is done to; one at a time in each lane. `database`: also what leads there. `receivers`: who is told of events. */
export type Lane = "database" | "servers" | "receivers";

export const LANES: readonly Lane[] = ["database", "servers", "receivers"];

/** What is done to the world around a server. */
export interface Fault {
  readonly name: string;
  readonly lane: Lane;
  /** Resolves when it is over and undone. */
  run(): Promise<void>;
}

const LOCKED = ["inputs", "payments", "facts", "orders", "events", "deliveries"];

export function faultsOf(parts: {
  readonly database: TortureDatabase;
  readonly side: PaypalSide;
  readonly receivers: Receivers;
  readonly slots: readonly ServerSlot[];
  readonly random: Random;
}): readonly Fault[] {
  const { database, side, random } = parts;
  return [
    ...databaseFaults(database, random),
    ...networkFaults(database, random),
    ...diskFaults(database, random),
    ...fileFaults(database, random),
    ...(["down", "broken", "slow"] as const).map((mood) => ({
      name: `PayPal ${mood}`,
      lane: "servers" as const,
      run: async () => {
        side.mood = mood;
        await pause(random.between(1_000, 4_000));
        side.mood = "up";
      },
    })),
    { name: "process frozen", lane: "servers", run: () => freeze(parts.slots, random) },
    ...receiverFaults(parts.receivers, random),
  ];
}

function databaseFaults({ server }: TortureDatabase, random: Random): readonly Fault[] {
  if (server === null) return [];
  return [
    fault("database restarted at once", () => server.restartImmediately()),
    fault("database stopped for a while", async () => {
      await server.stop();
      await pause(random.between(1_000, 5_000));
      await server.start();
    }),
    fault("table locked", () => server.lockTable(random.pick(LOCKED), random.between(1_000, 4_000))),
    fault("connections exhausted", () => server.exhaust(random.between(1_000, 3_000))),
  ];
}

/** Of one server's network, or of all. */
function networkFaults({ server }: TortureDatabase, random: Random): readonly Fault[] {
  if (server === null) return [];
  const during = (mode: "swallow" | "cut_after_commit" | "refuse" | "slow", low: number, high: number) => async () => {
    const proxies = random.isTrue(0.5) ? server.proxies : [random.pick(server.proxies)];
    for (const proxy of proxies) proxy.become(mode);
    await pause(random.between(low, high));
    for (const proxy of proxies) proxy.become("pass");
  };
  return [
    fault("network black-holed", during("swallow", 1_000, 8_000)),
    fault("connections cut after COMMIT", during("cut_after_commit", 300, 1_500)),
    fault("network refused", during("refuse", 500, 3_000)),
    fault("statements slow", during("slow", 2_000, 5_000)),
  ];
}

function diskFaults({ disk }: TortureDatabase, random: Random): readonly Fault[] {
  if (disk === null) return [];
  return [
    fault("disk full", async () => {
      disk.fill();
      await pause(random.between(1_000, 4_000));
      disk.free();
    }),
  ];
}

/** Somebody else who writes: `paybell rebuild --apply`, or a person with a shell. Longer than is waited, or again and again. */
function fileFaults({ lockFile }: TortureDatabase, random: Random): readonly Fault[] {
  if (lockFile === null) return [];
  return [
    fault("file locked", async () => {
      if (random.isTrue(0.3)) return lockFile(random.between(1_000, 3_000));
      for (let times = random.between(5, 30); times > 0; times -= 1) {
        await lockFile(random.between(1, 40));
        await pause(random.between(1, 60));
      }
    }),
  ];
}

/** Seldom for longer than a lease: then it wakes up and finds that its work is somebody else's. */
async function freeze(slots: readonly ServerSlot[], random: Random): Promise<void> {
  const slot = random.pick(slots);
  if (!slot.signal("SIGSTOP")) return;
  await pause(random.isTrue(0.15) && slots.length > 1 ? 33_000 : random.between(500, 6_000));
  slot.signal("SIGCONT");
}

function fault(name: string, run: () => Promise<void>): Fault {
  return { name, lane: "database", run };
}
