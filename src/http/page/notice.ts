import type { FastifyReply, FastifyRequest } from "fastify";
import { PAGE_POLICY } from "./assets.ts";
import { renderNotice } from "./render.ts";
import { languageOf, type NoticeKind } from "./words.ts";

/** Pages as answers. */

const HTML_TYPE = "text/html; charset=utf-8";

/** What is to be had no more is gone (RFC 9110 §15.5.11); what may come yet is not. */
const STATUS: Readonly<Record<NoticeKind, number>> = {
  notFound: 404,
  unavailable: 503,
  unpaid: 403,
  paused: 403,
  revoked: 410,
  expired: 410,
  used_up: 410,
};

const RETRY_SECONDS = 10;

/** Instead of what was asked for. `locale`: the buyer's own, where it may be known. */
export function sendNotice(
  request: FastifyRequest,
  reply: FastifyReply,
  notice: { readonly kind: NoticeKind; readonly shop: string; readonly locale: string | null },
): FastifyReply {
  const { kind, shop, locale } = notice;
  if (kind === "unavailable") reply.header("retry-after", String(RETRY_SECONDS));
  const language = languageOf(request.headers["accept-language"], locale);
  return sendPage(reply.code(STATUS[kind]), renderNotice(kind, shop, language));
}

export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .headers({
      "content-security-policy": PAGE_POLICY,
      "x-robots-tag": "noindex, nofollow",
      vary: "accept-language",
    })
    .type(HTML_TYPE)
    .send(page);
}
