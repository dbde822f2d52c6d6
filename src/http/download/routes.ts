import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { type DownloadName, readDownloadToken } from "../../outbox/links.ts";
import { type DownloadLine, type DownloadStatus, downloadLines, downloadStatus } from "../../payments/goods.ts";
import type { OrderState } from "../../payments/state.ts";
import type { GoodsStore } from "../../store/goods.ts";
import { type LoadedOrder, StoreError } from "../../store/store.ts";
import type { Budget } from "../budget.ts";
import { HARDENED_HEADERS } from "../errors.ts";
import { resource } from "../methods.ts";
import { networkOf } from "../network.ts";
import { sendNotice } from "../page/notice.ts";
import type { NoticeKind } from "../page/words.ts";
import { attachment } from "./disposition.ts";
import type { DownloadFolder, OpenFile } from "./folder.ts";
import { type Conditions, type Selection, selectPart } from "./range.ts";

export interface DownloadParts {
  /** Throws a StoreError while the database could not be reached yet. */
  readonly linksSecret: () => string;
  /** Rejects with the store's error. */
  readonly read: (reference: string) => Promise<LoadedOrder | null>;
  readonly goods: () => GoodsStore;
  readonly folder: DownloadFolder;
  /** False: there are no downloads. */
  readonly isEnabled: boolean;
  readonly transfers: Budget;
  readonly transfersOfLink: Budget;
  readonly shop: string;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Who reads less than this in so long gives up the place; the rest is fetched by Range. */
const PACE = { everyMs: 30_000, bytes: 30_000 };
/** Who reads nothing for so long has gone. */
const SILENCE_MS = 60_000;

/**
 * What a buyer paid for: a file of ours, or the way to the merchant's. A link is known by its code before anything is looked
 * for; whether it is good is asked of the order each time, so that a refund or a dispute stops it at once.
 */
export function downloadRoutes(app: FastifyInstance, parts: DownloadParts): void {
  const handler = (request: FastifyRequest, reply: FastifyReply) => answer(parts, request, reply);
  resource(app, "/d/:token", { GET: handler, HEAD: handler });
}

/** A download as asked for, with the order it is of. */
interface Asked extends DownloadName {
  readonly state: OrderState;
  readonly line: DownloadLine;
}

async function answer(parts: DownloadParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  let locale: string | null = null;
  const refuse = (kind: NoticeKind): FastifyReply => sendNotice(request, reply, { kind, shop: parts.shop, locale });
  try {
    const asked = await find(parts, request);
    if (asked === null) return refuse("notFound");
    locale = asked.state.expectation?.customer?.locale ?? null;
    const status = await statusOf(parts, asked);
    if (status !== "ready" && !(status === "used_up" && isContinued(request))) return refuse(status);
    const { file, url } = asked.line.download;
    if (file !== null) return await sendFile(parts, request, reply, { ...asked, file, refuse });
    return await sendOn(parts, request, reply, { ...asked, url: url ?? "", refuse });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return refuse("unavailable");
  }
}

async function find(parts: DownloadParts, request: FastifyRequest): Promise<Asked | null> {
  if (!parts.isEnabled) return null;
  // Proven: the route has this parameter, and Fastify's parameters are strings.
  const { token } = request.params as { readonly token: string };
  const name = readDownloadToken(parts.linksSecret(), token);
  const order = name && (await parts.read(name.order));
  const state = order?.record?.state;
  const line = downloadLines(state?.expectation).find(({ sku }) => sku === name?.sku);
  return name && state && line ? { ...name, state, line } : null;
}

async function statusOf(parts: DownloadParts, { order, sku, state }: Asked): Promise<DownloadStatus> {
  const { downloads } = await parts.goods().ofOrder(order);
  return downloadStatus(state, downloads.find((grant) => grant.sku === sku) ?? null, parts.now());
}

/** A request that may go on with a download that was counted: whether it does is decided where it is counted. */
function isContinued({ headers }: FastifyRequest): boolean {
  return headers.range !== undefined;
}

type Refuse = (kind: NoticeKind) => FastifyReply;

/**
 * The merchant's own address: the buyer's browser is sent there, we fetch nothing. Who keeps files elsewhere has that place's
 * own way to sign what may be fetched; one of ours would be one more that nobody else can check.
 */
async function sendOn(
  parts: DownloadParts,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked & { readonly url: string; readonly refuse: Refuse },
): Promise<FastifyReply> {
  if (request.method === "GET" && !(await count(parts, asked, false))) return asked.refuse("used_up");
  return reply.code(302).headers({ location: asked.url, "x-robots-tag": "noindex, nofollow" }).send();
}

async function sendFile(
  parts: DownloadParts,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked & { readonly file: string; readonly refuse: Refuse },
): Promise<FastifyReply> {
  const giveBack = takePlace(parts, request, asked);
  if (giveBack === null) return asked.refuse("unavailable");
  let file: OpenFile | null = null;
  try {
    const opened = await parts.folder.open(asked.file);
    if (typeof opened === "string") {
      const { order, sku } = asked;
      parts.log.error({ event: "download", order, sku, reason: opened }, "a file that was paid for can't be sent");
      return asked.refuse("unavailable");
    }
    file = opened;
    const selected = selectPart(opened, conditionsOf(request));
    const sends = request.method === "GET" && (selected.kind === "whole" || selected.kind === "part");
    if (sends && !(await count(parts, asked, isResumed(selected)))) return asked.refuse("used_up");
    await transfer(reply, { file, selected, name: asked.line.download.name, sends });
    return reply;
  } finally {
    giveBack();
    await file?.handle.close().catch(() => undefined);
  }
}

/** What gives it back; null when there is no room. */
function takePlace(parts: DownloadParts, request: FastifyRequest, { order, sku }: DownloadName): (() => void) | null {
  const link = parts.transfersOfLink.take(`${order}\n${sku}`, 1);
  if (link === null) return null;
  const place = parts.transfers.take(networkOf(request.ip), 1);
  if (place === null) {
    link();
    return null;
  }
  return () => {
    place();
    link();
  };
}

/** What is asked from within the file goes on with what was sent before. */
function isResumed(selected: Selection): boolean {
  return selected.kind === "part" && selected.part.start > 0;
}

function count(parts: DownloadParts, { order, sku }: DownloadName, resumed: boolean): Promise<boolean> {
  return parts.goods().useDownload({ order, sku, isResumed: resumed, now: parts.now() });
}

/** A range is of what GET would send: HEAD tells of the whole (RFC 9110 §14.2). */
function conditionsOf({ method, headers }: FastifyRequest): Conditions {
  const ifRange = headers["if-range"];
  return {
    range: method === "GET" ? headers.range : undefined,
    ifRange: Array.isArray(ifRange) ? ifRange[0] : ifRange,
    ifMatch: headers["if-match"],
    ifNoneMatch: headers["if-none-match"],
    ifModifiedSince: headers["if-modified-since"],
    ifUnmodifiedSince: headers["if-unmodified-since"],
  };
}

const STATUS = { whole: 200, part: 206, not_modified: 304, precondition_failed: 412, unsatisfiable: 416 } as const;

/** Resolves when it is sent, or broken off by whoever asked. */
async function transfer(
  reply: FastifyReply,
  what: {
    readonly file: OpenFile;
    readonly selected: Selection;
    readonly name: string;
    readonly sends: boolean;
  },
): Promise<void> {
  const { file, selected, sends } = what;
  reply.hijack();
  const response = reply.raw;
  response.writeHead(STATUS[selected.kind], {
    ...headersOf(file, selected, what.name),
    ...(sends && { connection: "close" }),
  });
  const part = selected.kind === "part" ? selected.part : { start: 0, end: file.size - 1 };
  if (!sends || file.size === 0) {
    response.end();
    return;
  }
  const stop = keepPace(response);
  try {
    await pipeline(file.handle.createReadStream({ ...part, autoClose: false }), response);
  } catch {
    // Whoever broke off comes again for the rest.
    response.destroy();
  } finally {
    stop();
  }
}

/** Never what a browser would open by itself: a file is saved, whatever it is. */
function headersOf(file: OpenFile, selected: Selection, name: string): Record<string, string | number> {
  const validators = { etag: file.etag, "last-modified": file.modifiedAt.toUTCString(), "accept-ranges": "bytes" };
  const common = { ...HARDENED_HEADERS, "cache-control": "private, no-store", "x-robots-tag": "noindex, nofollow" };
  if (selected.kind === "not_modified" || selected.kind === "precondition_failed")
    return { ...common, ...validators, ...(selected.kind === "precondition_failed" && { "content-length": 0 }) };
  if (selected.kind === "unsatisfiable")
    return { ...common, ...validators, "content-range": `bytes */${file.size}`, "content-length": 0 };
  const entity = { "content-type": "application/octet-stream", "content-disposition": attachment(name) };
  if (selected.kind === "whole") return { ...common, ...validators, ...entity, "content-length": file.size };
  const { start, end } = selected.part;
  return {
    ...{ ...common, ...validators, ...entity },
    "content-range": `bytes ${start}-${end}/${file.size}`,
    "content-length": end - start + 1,
  };
}

/** A place is not held by who does not read. */
function keepPace(response: ServerResponse): () => void {
  const { socket } = response;
  socket?.setTimeout(SILENCE_MS);
  let before = socket?.bytesWritten ?? 0;
  const timer = setInterval(() => {
    const written = socket?.bytesWritten ?? 0;
    if (written - before < PACE.bytes && !response.writableFinished) response.destroy();
    before = written;
  }, PACE.everyMs);
  return () => clearInterval(timer);
}
