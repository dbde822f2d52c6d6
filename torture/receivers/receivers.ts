import type { Fault } from "../faults/faults.ts";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import { type EndpointMood, type Endpoints, startEndpoints } from "./endpoints.ts";
import { type MailMood, type MailServer, startMailServer } from "./mail-server.ts";

/** Everybody who is told what happened. */
export interface Receivers {
  readonly endpoints: Endpoints;
  readonly mailServer: MailServer;
  /** Settings that make a server tell them. */
  readonly env: Readonly<Record<string, string>>;
  /** As they are told, in the order in which it came. */
  readonly arrived: Arrived;
  heal(): void;
  close(): Promise<void>;
}

/** How much came, and how much of it had come already. */
export interface Arrived {
  readonly deliveries: number;
  readonly repeatedDeliveries: number;
  /** Turned away by endpoints because the sender's clock was wrong. */
  readonly stale: number;
  readonly mails: number;
  readonly repeatedMails: number;
}

export const MERCHANT_EMAIL = "merchant@shop.example";

export async function startReceivers(random: Random): Promise<Receivers> {
  const endpoints = await startEndpoints();
  const mailServer = await startMailServer(random);
  return {
    endpoints,
    mailServer,
    env: {
      SMTP_URL: mailServer.url,
      MAIL_FROM: "Shop <orders@shop.example>",
      MAIL_MERCHANT: MERCHANT_EMAIL,
      // One for all processes: the links in a payload are the same whoever sends it.
      PUBLIC_URL: "https://pay.shop.example",
    },
    get arrived() {
      return arrivedAt(endpoints, mailServer);
    },
    heal: () => {
      endpoints.heal();
      mailServer.heal();
    },
    close: async () => {
      await endpoints.close();
      await mailServer.close();
    },
  };
}

function arrivedAt({ all }: Endpoints, { mails }: MailServer): Arrived {
  const repeated = (ids: readonly string[]): number => ids.length - new Set(ids).size;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  return {
    deliveries: sum(all.map(({ arrivals }) => arrivals.length)),
    repeatedDeliveries: sum(all.map(({ arrivals }) => repeated(arrivals.map(({ id }) => id)))),
    stale: sum(all.map(({ stale }) => stale)),
    mails: mails.length,
    repeatedMails: repeated(mails.map(({ messageId }) => messageId)),
  };
}

const ENDPOINT_FAULTS: Readonly<Record<Exclude<EndpointMood, "well">, string>> = {
  broken: "endpoint answers 500",
  hanging: "endpoint hangs",
  resetting: "endpoint resets connections",
  busy: "endpoint answers 503 with Retry-After",
};
const MAIL_FAULTS: Readonly<Record<Exclude<MailMood, "well">, string>> = {
  refusing: "mail server answers 451",
  hanging: "mail server hangs after DATA",
  cutting: "mail server cut off when it took a mail",
};

/** For stretches of some seconds: one endpoint, at times all of them; the mail server. */
export function receiverFaults({ endpoints, mailServer }: Receivers, random: Random): readonly Fault[] {
  const stretch = (): Promise<void> => pause(random.between(2_000, 6_000));
  return [
    // Proven: the keys are moods.
    ...(Object.entries(ENDPOINT_FAULTS) as [EndpointMood, string][]).map(
      ([mood, name]): Fault => ({
        name,
        lane: "receivers",
        run: async () => {
          const struck = random.isTrue(0.3) ? endpoints.all : [random.pick(endpoints.all)];
          for (const endpoint of struck) endpoint.mood = mood;
          await stretch();
          for (const endpoint of struck) endpoint.mood = "well";
        },
      }),
    ),
    // Proven: the keys are moods.
    ...(Object.entries(MAIL_FAULTS) as [MailMood, string][]).map(
      ([mood, name]): Fault => ({
        name,
        lane: "receivers",
        run: async () => {
          mailServer.mood = mood;
          await stretch();
          mailServer.mood = "well";
        },
      }),
    ),
  ];
}
